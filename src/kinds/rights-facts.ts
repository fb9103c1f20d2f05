import { z } from 'zod';
import { defineFact } from './fact.ts';

/** What the dump says of owners and grants: the swap puts it back, perhaps after the dump itself is gone. null where it cannot be read. */
export const dumpRightsFact = defineFact(
  'dump-rights',
  1,
  z.object({
    objects: z.array(z.object({ kind: z.string(), schema: z.string(), name: z.string(), owner: z.string() })),
    largeObjectOwner: z.string().exactOptional(),
    databaseOwner: z.string().exactOptional(),
    statements: z.array(z.object({ type: z.string(), schema: z.string(), tag: z.string(), sql: z.string() })),
  }),
);

const ofAll = z.object({ done: z.number(), of: z.number() });
/** How much of it could be put back; a trial was taken back again. */
export const rightsFact = defineFact(
  'rights',
  1,
  z.object({
    trial: z.boolean(),
    owners: ofAll,
    grants: ofAll,
    rolesMade: z.array(z.string()),
    left: z.array(z.object({ what: z.string(), why: z.string() })),
    code: z.object({
      definers: z.array(z.string()),
      triggers: z.number(),
      rules: z.number(),
      expressions: z.number(),
    }),
    owner: z.object({ name: z.string(), isSuperuser: z.boolean() }),
  }),
);

/** What the dump says of the database itself, where no old one tells: names alone, since settings may hold secrets. */
export const databaseSettingsFact = defineFact(
  'database-settings',
  1,
  z.object({
    ...{ trial: z.boolean(), done: z.number(), of: z.number() },
    left: z.array(z.object({ what: z.string(), why: z.string() })),
  }),
);

const difference = z.object({
  section: z.string(),
  name: z.string().exactOptional(),
  how: z.enum(['missing', 'not expected', 'another']),
});
const summed = z.object({ sections: z.number(), objects: z.number() });
/** What the restored database is made of against the fingerprint of the manifest; of a trial, owners and grants as they would be. */
export const catalogueFact = defineFact(
  'catalogue',
  1,
  z.object({
    trial: z.boolean(),
    equal: summed,
    expected: summed,
    /** The first of them. */
    differences: z.array(difference),
    differing: z.number(),
    unclear: z.array(difference),
    explained: z.array(z.object({ what: z.string(), why: z.string() })),
    notCompared: z.array(z.object({ section: z.string(), why: z.string() })),
  }),
);

const lostRights = z.array(z.object({ what: z.string(), rights: z.array(z.string()) }));
/** What the logins of the application could do in the restored database, before the swap; their rights as they would be then. */
export const applicationFact = defineFact(
  'application',
  1,
  z.object({
    /** Who says which logins these are; nobody where there are none. */
    source: z.enum(['runbook', 'live database', 'nobody']),
    /** Further ones that were not looked at. */
    more: z.number(),
    logins: z.array(
      z.object({
        role: z.string(),
        there: z.enum(['yes', 'without LOGIN', 'without CONNECT', 'no']),
        /** What it may do in the live database was known; else only what no application can do without was looked for. */
        compared: z.boolean(),
        /** Tables and views that it may read, of how many. */
        ...{ mayRead: z.number(), of: z.number() },
        /** The first of them. */
        lost: lostRights,
        losing: z.number(),
      }),
    ),
  }),
);

/** The login of the application that read the restored database once it was in place, and how many tables and views. */
export const applicationReadFact = defineFact(
  'application-read',
  1,
  z.object({ role: z.string(), tables: z.number() }),
);
