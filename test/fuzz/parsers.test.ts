import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSigners } from '../../src/backups/author.ts';
import { readBackupLabel } from '../../src/backups/backup-label.ts';
import { readDumpHead } from '../../src/backups/dump-head.ts';
import { readDumpScope } from '../../src/backups/dump-scope.ts';
import { readGlobals } from '../../src/backups/globals.ts';
import { parseLayout } from '../../src/backups/layout.ts';
import { readManifestText, writeManifest } from '../../src/backups/manifest.ts';
import { readEnvNames } from '../../src/backups/read-otherwise.ts';
import { listSnapshots } from '../../src/backups/snapshot.ts';
import { readArchiveToc } from '../../src/base/archive-toc.ts';
import { readEnvFile } from '../../src/base/env-file.ts';
import { makeKeyPair, readPrivateKey, readPublicKeyLine } from '../../src/base/ssh-key.ts';
import { checkSshSignature, makeSshSignature } from '../../src/base/ssh-signature.ts';
import { createPlainDumpReader } from '../../src/databases/postgres/plain-dump-reader.ts';
import { readRights } from '../../src/databases/postgres/read-rights.ts';
import { rightsOfEntries } from '../../src/databases/postgres/rights-of-entries.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import { sampleEntries, writeJournal } from '../journal/sample-journal.ts';
import { mutated, mutatedText } from '../parts/mutations.ts';
import { runsOf } from '../parts/property-runs.ts';
import { writeArchive } from '../parts/write-archive.ts';

/**
 * Whatever the store or a disk gives, a reader says what is wrong with it and never throws, hangs or fills the memory; and what it lets pass
 * is what it says it is. At night two hundred times as many cases: more than a million together.
 */
const numRuns = runsOf(500);

const archives = [12, 14, 15, 16].map((minor) =>
  writeArchive(minor, [
    { type: 'ENCODING', schema: '', name: 'ENCODING', definition: "SET client_encoding = 'UTF8';\n" },
    {
      type: 'TABLE',
      schema: 'public',
      name: 'clients',
      definition: 'CREATE TABLE public.clients ();',
      dependencies: [1, 2],
    },
    { type: 'TABLE DATA', schema: 'public', name: 'clients' },
    {
      type: 'SEQUENCE SET',
      schema: 'public',
      name: 'ids',
      definition: "SELECT pg_catalog.setval('public.ids', 57, true);\n",
    },
    {
      type: 'ACL',
      schema: 'public',
      name: 'TABLE clients',
      definition: 'GRANT SELECT ON TABLE public.clients TO app;\n',
    },
  ]),
);

describe('a changed archive', () => {
  it.each(archives.map((archive) => [archive[6], archive] as const))(
    'of version 1.%s is read or refused',
    (_minor, archive) => {
      fc.assert(
        fc.property(mutated(archive), (bytes) => {
          const toc = readArchiveToc(bytes);
          const contents = toc.ok ? toc.value?.contents : undefined;
          if (toc.ok && toc.value !== undefined && contents !== undefined)
            expect(contents.entries.length).toBe(Math.max(0, toc.value.header.entryCount));
          readDumpHead(bytes);
          for (const isWhole of [true, false]) readDumpScope({ format: 'custom', bytes, isWhole });
          for (const { sql } of rightsOfEntries(contents?.entries ?? []).statements) readRights(sql);
        }),
        { numRuns },
      );
    },
  );
});

describe('a changed statement about rights', () => {
  const genuine = `REVOKE ALL ON FUNCTION crm.sd(integer, text) FROM PUBLIC;
GRANT SELECT(id),UPDATE ON TABLE "a b".clients TO "o'x" WITH GRANT OPTION;
SET SESSION AUTHORIZATION crm_read;
GRANT SELECT(id) ON TABLE crm.clients TO app;
RESET SESSION AUTHORIZATION;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA crm REVOKE ALL ON TABLES FROM PUBLIC;
CREATE EVENT TRIGGER evt ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION crm.et();
CREATE PUBLICATION pa FOR ALL TABLES WITH (publish = 'insert, update');`;
  const words = [...genuine.split(/(?<=\W)|(?=\W)/), '"', "'", ';', '--', '/*', '$$', '\\'];
  const tokens = fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((some) => some.join(''));

  it('is one that is known, word for word, or unknown', () => {
    fc.assert(
      fc.property(fc.oneof(mutatedText(genuine), tokens), (sql) => {
        for (const statement of readRights(sql)) {
          if (statement.kind === 'grant' || statement.kind === 'default-privileges') {
            for (const { name } of statement.privileges) expect(name).toMatch(/^[A-Z]+$/);
            expect(['GRANT', 'REVOKE']).toContain(statement.verb);
          }
          if (statement.kind === 'default-privileges') expect(statement.on).toMatch(/^[A-Z ]+$/);
          if (statement.kind === 'event-trigger') expect(statement.event).toMatch(/^[a-z_]+$/);
          if (statement.kind === 'event-trigger-state') expect(statement.state).toMatch(/^[A-Z ]+$/);
          if (statement.kind === 'publication')
            for (const [option] of statement.options) expect(option).toMatch(/^[a-z_]+$/);
        }
      }),
      { numRuns },
    );
  });
});

describe('a changed plain dump', () => {
  const genuine = `--
-- PostgreSQL database dump
--

\\restrict abc

-- Dumped from database version 15.18

SET client_encoding = 'UTF8';

--
-- Name: clients; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.clients (id integer, note text DEFAULT 'a\\b'''::text);

--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: app
--

CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $_$ SELECT '\\. $$' $_$;

--
-- Data for Name: clients; Type: TABLE DATA; Schema: public; Owner: app
--

COPY public.clients (id, note) FROM stdin;
1\t\\\\N
2\tx
\\.

--
-- Name: TABLE clients; Type: ACL; Schema: public; Owner: app
--

GRANT SELECT ON TABLE public.clients TO web;

\\unrestrict abc

--
-- PostgreSQL database dump complete
--
`;
  const read = (pieces: readonly Buffer[]) => {
    const reader = createPlainDumpReader();
    const passed = [...pieces.map((piece) => reader.take(piece)), reader.end()];
    return { passed: Buffer.concat(passed), findings: reader.findings() };
  };

  it('is read alike however it is cut into pieces', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 6 });
    fc.assert(
      fc.property(mutated(Buffer.from(genuine)), cuts, (bytes, lengths) => {
        const pieces: Buffer[] = [];
        let at = 0;
        for (const length of lengths) {
          pieces.push(bytes.subarray(at, at + length));
          at += length;
        }
        pieces.push(bytes.subarray(at));
        const whole = read([bytes]);
        const cutUp = read(pieces);
        expect(cutUp.findings).toEqual(whole.findings);
        expect(cutUp.passed.equals(whole.passed)).toBe(true);
      }),
      { numRuns },
    );
  });
});

describe('a changed manifest', () => {
  const genuine = writeManifest({
    thawManifest: 1,
    takenAt: '2026-04-28T14:07:31Z',
    host: 'crm-01',
    dump: { key: 'pg/crm-01/2026-04-28/14.dump.gz', sizeBytes: 412, sha256: 'a'.repeat(64) },
    tables: [{ schema: 'public', name: 'clients', rows: 1200 }],
    sequences: [],
    extensions: [],
    fingerprints: {},
  } as unknown as Parameters<typeof writeManifest>[0]);

  it('is refused, or says the same', () => {
    const known = readManifestText(genuine, 'the test');
    if (!known.ok) throw new Error(known.failure.message);
    fc.assert(
      fc.property(mutatedText(genuine), (text) => {
        const read = readManifestText(text, 'the test');
        // Its digest is over what it says, however it is written; without one it is of a script, and claims nothing more.
        if (read.ok && text.includes('"digest"')) expect(read).toEqual(known);
      }),
      { numRuns },
    );
  });
});

describe('keys of a store', () => {
  const some = (...words: readonly string[]) =>
    fc.array(fc.constantFrom(...words), { maxLength: 10 }).map((parts) => parts.join(''));
  const pattern = some(
    ...[
      'pg/',
      '{host}',
      '/',
      '{date}',
      '{hour}',
      '{minute}',
      '{timestamp}',
      '.dump',
      '[.gpg]',
      '[.gz]',
      '{tier}',
    ],
    ...['-', '(', '*', '\\', '{', '}', '[', ']', '+', '.', '{name}'],
  );
  const key = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    some(
      ...['pg/', 'h', '/', '2026-04-28', '14', '.dump', '.gpg', '.gz', '9999-99-99', '.manifest.json', '-'],
      'a'.repeat(30),
    ),
  );

  it('of any sort are snapshots or none, with a layout of any sort', () => {
    fc.assert(
      fc.property(pattern, fc.array(key, { maxLength: 6 }), (text, keys) => {
        const layout = parseLayout(text);
        if ('fault' in layout) return;
        const objects = keys.map((one) => ({ key: one, sizeBytes: 1000, modifiedAtMs: 0 }));
        for (const { takenAtMs } of listSnapshots({ layout, objects, nowMs: 1e12 }))
          expect(Number.isFinite(takenAtMs)).toBe(true);
      }),
      { numRuns },
    );
  });
});

describe('a changed env file', () => {
  const genuine = `# app
A=1
B="two \\"words\\" $A"
C='x
y'
D: \${A:-none}
E=\${B:?missing}#no
F=a # yes
`;

  it('is read, or refused with its name', () => {
    fc.assert(
      fc.property(mutatedText(genuine), (text) => {
        const read = readEnvFile(text, { path: 'app.env' });
        if (!read.ok) expect(read.failure.message).toContain('app.env');
      }),
      { numRuns },
    );
  });
});

describe('a changed file of settings', () => {
  const php = `<?php
$CONFIG = array (
  'secret' => 'a\\'b', // it
  'list' => [ 1, array ( 'x' => "y", ), ],
  'other' => getenv('A') . 'b',
);
`;

  it.each([
    ['config.php', php],
    ['app.ini', '[security]\nSECRET_KEY = `a b`\n; no\n'],
    ['config', '{"encryptionKey": "k", "a": [{"b": null}]}'],
  ])('is read, or refused with its name: %s', (path, genuine) => {
    fc.assert(
      fc.property(mutatedText(genuine), (text) => {
        const read = readEnvNames(text, { path, names: ['secret'] });
        if (!read.ok) expect(read.failure.message).toContain(path);
      }),
      { numRuns },
    );
  });
});

describe('a changed journal', () => {
  const { bytes, head } = writeJournal(sampleEntries);

  it('is the same, a beginning of it, or damaged', () => {
    fc.assert(
      fc.property(mutated(bytes), (changed) => {
        const read = readJournal(changed);
        if (!read.ok) return;
        const { wholeBytes, entries } = read.value;
        expect(bytes.subarray(0, wholeBytes).equals(changed.subarray(0, wholeBytes))).toBe(true);
        if (entries.length === sampleEntries.length) expect(read.value.head).toEqual(head);
      }),
      { numRuns },
    );
  });
});

describe('changed keys and signatures', () => {
  const { privateText, publicText } = makeKeyPair('test');
  const pair = readPrivateKey(privateText);
  if (pair === undefined) throw new Error('A key that was just made can be read');
  const message = Buffer.from('what was signed');
  const namespace = 'manifest@thaw';
  const armored = makeSshSignature(pair, { namespace, message });
  const bodyOf = (text: string) => Buffer.from(text.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');

  it('prove nothing but what was signed', () => {
    fc.assert(
      fc.property(mutatedText(armored), (text) => {
        const checked = checkSshSignature(text, { namespace, message });
        // Only how it is written may differ: its lines, or bits of the last letter that stand for nothing.
        if (checked.ok) expect(bodyOf(text).equals(bodyOf(armored))).toBe(true);
      }),
      { numRuns },
    );
    fc.assert(
      fc.property(mutated(message), (other) => {
        fc.pre(!other.equals(message));
        expect(checkSshSignature(armored, { namespace, message: other }).ok).toBe(false);
      }),
      { numRuns },
    );
  });

  it('are read or refused', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsa = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const text = fc.oneof(...[publicText, privateText, rsa].map(mutatedText));
    fc.assert(
      fc.property(text, (changed) => {
        readPublicKeyLine(changed);
        readPrivateKey(changed);
        parseSigners(changed);
      }),
      { numRuns },
    );
  });
});

describe('changed texts that scripts leave beside a dump', () => {
  const globals = `CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:x$y:z';
ALTER ROLE app SET search_path TO 'a', 'b';
GRANT app TO web WITH ADMIN OPTION GRANTED BY postgres;
`;
  const label = `START WAL LOCATION: 0/2000028 (file 000000010000000000000002)
CHECKPOINT LOCATION: 0/2000060
BACKUP METHOD: streamed
START TIME: 2026-04-28 14:07:31 UTC
LABEL: base
START TIMELINE: 1
`;

  it('are read, or read as nothing', () => {
    fc.assert(
      fc.property(mutatedText(globals), mutatedText(label), (roles, text) => {
        readGlobals(roles);
        readBackupLabel(text);
      }),
      { numRuns },
    );
  });
});
