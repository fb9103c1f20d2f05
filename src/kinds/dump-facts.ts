import { z } from 'zod';
import { defineFact } from './fact.ts';

/** Facts about the dump of a run: what it says of itself, what opens it, what was fetched and unpacked. */

const names = z.array(z.string()).readonly();

/** What the dump says of itself, and the program at hand that reads it: known once the key at hand has opened it. */
const openedDump = z.object({
  format: z.enum(['custom', 'tar', 'directory', 'plain']),
  archiveVersion: z.string().exactOptional(),
  dumpVersion: z.string().exactOptional(),
  serverVersion: z.string().exactOptional(),
  createdAtLocal: z.string().exactOptional(),
  reader: z.object({ program: z.enum(['pg_restore', 'psql']), version: z.string() }),
  /** Of a whole server: the database that is taken. */
  cluster: z.string().exactOptional(),
  /** That it makes, and the roles that own what it makes; left out where its beginning does not tell. */
  extensions: names.exactOptional(),
  owners: names.exactOptional(),
  /** Read to its end; false where that would have taken long. Left out where its beginning tells all. */
  isWhole: z.boolean().exactOptional(),
});
export type OpenedDump = z.infer<typeof openedDump>;
export const openedDumpFact = defineFact('opened-dump', 1, openedDump);

/** What is at hand to open the backup, as the preflight saw it; null where it is not encrypted. */
export const keyAtHandFact = defineFact(
  'key-at-hand',
  1,
  z.discriminatedUnion('kind', [
    /** `text` is for people: fingerprint and user id. */
    z.object({ kind: z.literal('key'), keyIds: z.array(z.string()), text: z.string() }),
    z.object({ kind: z.literal('passphrase') }),
  ]),
);

/** The fetched dump against what somebody else wrote down about it; null where nobody did. */
const dumpDigest = z.object({
  algorithm: z.enum(['SHA-256', 'MD5']),
  found: z.string(),
  expected: z.string(),
  /** Who says what it should be: our producer, a script that wrote it beside the dump, or the store itself. */
  by: z.enum(['manifest', 'noted', 'store']),
  /** The object in which it is noted. */
  key: z.string().exactOptional(),
});
export type DumpDigest = z.infer<typeof dumpDigest>;
export const dumpDigestFact = defineFact('dump-digest', 1, dumpDigest);

const file = z.object({ path: z.string(), sizeBytes: z.number(), sha256: z.string(), how: z.string() });
export const dumpFileFact = defineFact(
  'dump-file',
  1,
  file.extend({
    md5: z.string(),
    /** What other people's scripts wrote down beside the dump. */
    noted: z.object({ key: z.string(), sha256: z.string() }).optional(),
  }),
);
/** The dump of a whole server that a database was taken out of; in `rolesFile` is what stands before all of them. */
const takenDatabase = z.object({
  ...{ taken: z.string(), databases: z.array(z.string()).readonly() },
  ...{ isComplete: z.boolean(), rolesFile: z.string().exactOptional() },
});
export const archiveFileFact = defineFact(
  'archive-file',
  1,
  file.extend({
    format: z.enum(['custom', 'tar', 'directory', 'plain']).optional(),
    cluster: takenDatabase.exactOptional(),
  }),
);
