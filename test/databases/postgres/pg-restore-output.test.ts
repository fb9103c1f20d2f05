import { describe, expect, it } from 'vitest';
import { readCreateDatabase, readListLine } from '../../../src/databases/postgres/pg-restore-list.ts';
import {
  classifyRestoreError,
  createRestoreOutputReader,
} from '../../../src/databases/postgres/pg-restore-output.ts';

function read(text: string, exitCode: number) {
  const reader = createRestoreOutputReader();
  for (const line of text.split('\n')) reader.take(line);
  return { messages: reader.messages(exitCode), entriesDone: reader.entriesDone() };
}

describe('what pg_restore says', () => {
  it('takes an error with its details and its whole statement', () => {
    const { messages } = read(
      `pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 219; 1259 16477 TABLE posts postgres
pg_restore: error: could not execute query: ERROR:  relation "posts" already exists
HINT:  None.
Command was: CREATE TABLE public.posts (
    id integer NOT NULL
);


pg_restore: processing item 3429 COMMENT TABLE posts
pg_restore: warning: errors ignored on restore: 1`,
      1,
    );
    expect(messages).toEqual([
      {
        weight: 'fatal',
        text: 'could not execute query: ERROR:  relation "posts" already exists\nHINT:  None.',
        command: 'CREATE TABLE public.posts (\n    id integer NOT NULL\n);',
      },
    ]);
  });

  it('reads errors that two workers wrote into each other', () => {
    const { messages } = read(
      `pg_restore:pg_restore: error: COPY failed for table "users": ERROR:  duplicate key value
DETAIL:  Key (id)=(1) already exists.
pg_restore: finished item 3415 TABLE DATA users
 creating CONSTRAINT "public.posts posts_pkey"
pg_restore: error: pg_restore: could not execute query: ERROR:  policy "pol1" already exists
Command was: CREATE POLICY pol1 ON public.users TO app USING (true);

pg_restore: warning: errors ignored on restore: 2`,
      1,
    );
    expect(messages.map((message) => message.weight)).toEqual(['fatal', 'fatal']);
    expect(messages[0]?.text).toContain('DETAIL:  Key (id)=(1)');
    expect(messages[1]?.command).toContain('CREATE POLICY');
  });

  it('keeps two errors apart when the beginning of the second went astray', () => {
    const { messages } = read(
      `pg_restore: error: could not execute query: ERROR:  role "a" does not exist
Command was: CREATE POLICY p ON t TO a USING (true);
could not execute query: ERROR:  relation "b" does not exist
Command was: CREATE INDEX i ON b (c);
pg_restore: error: pg_restore: finished item 3 INDEX x
could not execute query: ERROR:  type "d" does not exist
Command was: CREATE TABLE e (f d);`,
      1,
    );
    expect(messages.map(({ weight, command }) => `${weight} ${command?.slice(0, 13)}`)).toEqual([
      'needs-decision CREATE POLICY',
      'fatal CREATE INDEX ',
      'fatal CREATE TABLE ',
    ]);
  });

  it('trusts the number of ignored errors in a serial restore, and knows that parallel ones exaggerate', () => {
    const error = 'pg_restore: error: could not execute query: ERROR:  role "a" does not exist';
    const total = 'pg_restore: warning: errors ignored on restore: 3';
    expect(read(`${error}\n${total}`, 1).messages.map((message) => message.weight)).toEqual([
      'needs-decision',
      'fatal',
    ]);
    const parallel = `pg_restore: finished item 3 INDEX x\n${error}\n${total}`;
    expect(read(parallel, 1).messages.map((message) => message.weight)).toEqual(['needs-decision']);
  });

  it('calls an error fatal that pg_restore counts and nobody could read', () => {
    const { messages } = read(
      'pg_restore: erpg_restore: finished item 3 X y\nror: something\npg_restore: warning: errors ignored on restore: 1',
      1,
    );
    expect(messages).toMatchObject([{ weight: 'fatal' }]);
  });

  it('calls a bad exit status without any message fatal', () => {
    expect(read('pg_restore: connecting to database for restore', 1).messages).toMatchObject([
      { weight: 'fatal', text: expect.stringContaining('status 1') },
    ]);
    expect(read('pg_restore: connecting to database for restore', 0).messages).toEqual([]);
  });

  it('counts entries of parallel and of serial restores', () => {
    const parallel = `pg_restore: processing item 3424 ENCODING ENCODING
pg_restore: processing item 7 SCHEMA s2
pg_restore: creating SCHEMA "s2"
pg_restore: launching item 3415 TABLE DATA users
pg_restore: processing data for table "public.users"
pg_restore: finished item 3415 TABLE DATA users
pg_restore: skipping item 3430 ACL TABLE posts`;
    expect(read(parallel, 0).entriesDone).toBe(3);
    const serial = `pg_restore: creating SCHEMA "s2"
pg_restore: processing data for table "public.users"
pg_restore: executing SEQUENCE SET users_id_seq`;
    expect(read(serial, 0).entriesDone).toBe(3);
  });

  it.each([
    ['harmless', 'ERROR:  must be owner of extension plpgsql', "COMMENT ON EXTENSION plpgsql IS 'x';"],
    ['harmless', 'ERROR:  schema "public" already exists', 'CREATE SCHEMA public;'],
    ['needs-decision', 'ERROR:  extension "postgis" is not available', 'CREATE EXTENSION postgis;'],
    ['needs-decision', 'ERROR:  role "app" does not exist', 'CREATE POLICY p ON t TO app USING (true);'],
    ['fatal', 'ERROR:  must be owner of schema public', 'CREATE TABLE public.a (b int);'],
    ['fatal', 'ERROR:  type "geometry" does not exist', 'CREATE TABLE a (b geometry);'],
    ['fatal', 'FEHLER:  Erweiterung »x« ist nicht verfügbar', 'CREATE EXTENSION x;'],
  ] as const)('takes as %s: %s', (weight, text, command) => {
    const message = classifyRestoreError({ text, command });
    expect(message).toMatchObject({ weight, text, command });
    expect(message.reason !== undefined).toBe(weight !== 'fatal');
  });
});

describe('the listing of an archive', () => {
  it.each([
    ['7; 2615 16491 SCHEMA - s2 app', { id: 7, type: 'SCHEMA', name: 's2' }],
    ['2; 3079 16385 EXTENSION - pg_trgm ', { id: 2, type: 'EXTENSION', name: 'pg_trgm' }],
    ['3428; 0 0 COMMENT - EXTENSION pg_trgm ', { id: 3428, type: 'COMMENT', name: 'EXTENSION pg_trgm' }],
    [
      '3417; 0 16477 TABLE DATA public posts postgres',
      { id: 3417, type: 'TABLE DATA', schema: 'public', name: 'posts' },
    ],
    ['220; 1259 1 TABLE s2 odd name x app', { id: 220, type: 'TABLE', schema: 's2', name: 'odd name x' }],
    [
      '3419; 0 1 MATERIALIZED VIEW DATA public mv o',
      { id: 3419, type: 'MATERIALIZED VIEW DATA', schema: 'public', name: 'mv' },
    ],
  ])('reads %s', (line, entry) => {
    expect(readListLine(line)).toEqual(entry);
  });

  it('passes over comments and empty lines', () => {
    for (const line of ['', ';', ';     Format: CUSTOM']) expect(readListLine(line)).toBeUndefined();
  });

  it('reads both ways of naming a locale', () => {
    expect(
      readCreateDatabase(
        "CREATE DATABASE x WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8';",
      ),
    ).toEqual({
      locale: { encoding: 'UTF8', provider: 'libc', collation: 'C.UTF-8', characterType: 'C.UTF-8' },
    });
    expect(
      readCreateDatabase(
        "CREATE DATABASE x WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = icu LOCALE = 'C.UTF-8' ICU_LOCALE = 'de-u-co-phonebk' ICU_RULES = '& a < ''g' TABLESPACE = fast;",
      ),
    ).toEqual({
      locale: {
        ...{ encoding: 'UTF8', provider: 'icu', collation: 'C.UTF-8', characterType: 'C.UTF-8' },
        ...{ locale: 'de-u-co-phonebk', icuRules: "& a < 'g" },
      },
      tablespace: 'fast',
    });
    expect(
      readCreateDatabase("CREATE DATABASE x WITH ENCODING = 'LATIN1' LC_COLLATE = 'C' LC_CTYPE = 'de_DE';"),
    ).toEqual({ locale: { encoding: 'LATIN1', collation: 'C', characterType: 'de_DE' } });
    expect(readCreateDatabase('CREATE TABLE x ();')).toBeUndefined();
  });
});
