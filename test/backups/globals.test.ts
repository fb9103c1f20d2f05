import { describe, expect, it } from 'vitest';
import { readGlobals } from '../../src/backups/globals.ts';

/** As pg_dumpall 15 writes it. */
const text = `--
-- PostgreSQL database cluster dump
--

\\restrict abc
SET default_transaction_read_only = off;
SET client_encoding = 'UTF8';

--
-- Roles
--

CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER INHERIT LOGIN PASSWORD 'SCRAM-SHA-256$4096:abc$def:ghi';
CREATE ROLE "Read Only";
ALTER ROLE "Read Only" WITH NOSUPERUSER NOLOGIN;
ALTER ROLE app SET search_path TO 'public';

GRANT "Read Only" TO app GRANTED BY postgres;

CREATE TABLESPACE fast OWNER app LOCATION '/fast';
DROP ROLE postgres;
ALTER ROLE app WITH LOGIN; DROP TABLE clients;
--
-- PostgreSQL database cluster dump complete
--
`;

describe('A dump of the globals', () => {
  it('gives each role with its own statements, in order, and who belongs to whom', () => {
    const globals = readGlobals(text);
    expect(globals.roles.map(({ name, statements }) => [name, statements.length])).toEqual([
      ['app', 3],
      ['Read Only', 2],
    ]);
    expect(globals.memberships).toEqual([
      { role: 'Read Only', member: 'app', statement: 'GRANT "Read Only" TO app;' },
    ]);
    expect(globals.isComplete).toBe(true);
  });

  it('hands on nothing else: tablespaces, drops, and two statements in one line are only counted', () => {
    expect(readGlobals(text).leftOut).toBe(3);
    expect(JSON.stringify(readGlobals(text).roles)).not.toMatch(/DROP|TABLESPACE/);
  });

  it('that breaks off says so', () => {
    expect(readGlobals(text.slice(0, 300)).isComplete).toBe(false);
  });
});
