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
ALTER ROLE app SET search_path TO 'public', 'it''s';
CREATE ROLE ops;
ALTER ROLE ops WITH SUPERUSER INHERIT NOCREATEDB LOGIN CONNECTION LIMIT 3 VALID UNTIL '2030-01-01 00:00:00+00';
ALTER ROLE ops IN DATABASE crm SET work_mem TO '8MB';

GRANT "Read Only" TO app GRANTED BY postgres;
GRANT "Read Only" TO ops WITH ADMIN OPTION GRANTED BY postgres;
GRANT app TO ops WITH INHERIT TRUE GRANTED BY postgres;

CREATE TABLESPACE fast OWNER app LOCATION '/fast';
DROP ROLE postgres;
ALTER ROLE app WITH LOGIN; DROP TABLE clients;
ALTER ROLE app WITH LOGIN PASSWORD 'x' IN ROLE postgres;
ALTER ROLE app SET search_path TO 'a', (SELECT 1);
--
-- PostgreSQL database cluster dump complete
--
`;

describe('A dump of the globals', () => {
  it('gives each role with what it may and how it is set, and who belongs to whom', () => {
    const globals = readGlobals(text);
    expect(globals.roles).toEqual([
      expect.objectContaining({
        ...{ name: 'app', attributes: ['INHERIT', 'LOGIN'], powers: [] },
        password: 'SCRAM-SHA-256$4096:abc$def:ghi',
        settings: [{ name: 'search_path', values: ['public', "it's"] }],
      }),
      expect.objectContaining({ name: 'Read Only', attributes: ['NOLOGIN'], powers: [] }),
      expect.objectContaining({
        ...{ name: 'ops', powers: ['SUPERUSER'], connectionLimit: 3 },
        validUntil: '2030-01-01 00:00:00+00',
        settings: [{ database: 'crm', name: 'work_mem', values: ['8MB'] }],
      }),
    ]);
    expect(globals.memberships).toEqual([
      { role: 'Read Only', member: 'app', admin: false },
      { role: 'Read Only', member: 'ops', admin: true },
      { role: 'app', member: 'ops', admin: false },
    ]);
    expect(globals.isComplete).toBe(true);
  });

  it('hands on nothing else: tablespaces and two statements in one line are only counted, drops passed over', () => {
    expect(readGlobals(text).leftOut).toBe(4);
    expect(readGlobals('DROP ROLE IF EXISTS a;\nDROP DATABASE b;\nDROP ROLE c; DROP ROLE d;\n').leftOut).toBe(
      1,
    );
    expect(JSON.stringify(readGlobals(text).roles)).not.toMatch(/DROP|TABLESPACE/);
  });

  it('that breaks off says so', () => {
    expect(readGlobals(text.slice(0, 300)).isComplete).toBe(false);
  });
});
