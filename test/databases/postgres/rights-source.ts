/** A database of many owners: whatever can have one, grants of every sort, and what only an administrator may make. */

export const rolesOfSource = ['harbour_owner', 'audit_owner', 'web', 'reporting', '"Yard Owner"'];

export const sourceStatements: readonly string[] = [
  'CREATE EXTENSION pg_trgm',
  'CREATE EXTENSION postgres_fdw',
  'CREATE EXTENSION dblink',
  'CREATE SCHEMA berths AUTHORIZATION harbour_owner',
  'CREATE SCHEMA "Dry Dock" AUTHORIZATION "Yard Owner"',
  'GRANT USAGE ON SCHEMA berths TO web, reporting',
  'GRANT USAGE ON SCHEMA public TO web',
  'CREATE TABLE berths.boats (id bigserial PRIMARY KEY, name text NOT NULL, papers bytea)',
  'ALTER TABLE berths.boats OWNER TO harbour_owner',
  "INSERT INTO berths.boats (name) SELECT 'boat ' || g FROM generate_series(1, 200) g",
  'GRANT SELECT, INSERT, UPDATE ON berths.boats TO web',
  'GRANT USAGE ON SEQUENCE berths.boats_id_seq TO web',
  'GRANT SELECT (id, name) ON berths.boats TO reporting WITH GRANT OPTION',
  'SET ROLE reporting; GRANT SELECT (id) ON berths.boats TO web; RESET ROLE',
  'CREATE TABLE "Dry Dock"."Open Jobs, 2026" (id int, note text)',
  'ALTER TABLE "Dry Dock"."Open Jobs, 2026" OWNER TO "Yard Owner"',
  'GRANT SELECT ON "Dry Dock"."Open Jobs, 2026" TO PUBLIC',
  'CREATE TABLE berths.audit (id int, who text)',
  'ALTER TABLE berths.audit OWNER TO audit_owner',
  'REVOKE UPDATE, DELETE, TRUNCATE ON berths.audit FROM audit_owner',
  'CREATE INDEX by_name ON berths.boats USING gin (name gin_trgm_ops)',
  'CREATE TABLE berths.visits (id int, at date) PARTITION BY RANGE (at)',
  "CREATE TABLE berths.visits_2026 PARTITION OF berths.visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
  'ALTER TABLE berths.visits OWNER TO harbour_owner',
  'ALTER TABLE berths.visits_2026 OWNER TO audit_owner',
  'CREATE TABLE berths.guests (id int, harbour text)',
  'ALTER TABLE berths.guests OWNER TO harbour_owner',
  "INSERT INTO berths.guests VALUES (1, 'north'), (2, 'south')",
  'ALTER TABLE berths.guests ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
  "CREATE POLICY own ON berths.guests TO web USING (harbour = current_setting('app.harbour', true))",
  'CREATE VIEW berths.names AS SELECT name FROM berths.boats',
  'ALTER VIEW berths.names OWNER TO harbour_owner',
  'GRANT SELECT ON berths.names TO reporting',
  'CREATE MATERIALIZED VIEW berths.counted AS SELECT count(*) FROM berths.boats',
  'ALTER MATERIALIZED VIEW berths.counted OWNER TO harbour_owner',
  "CREATE FUNCTION berths.price(int, text) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
  'ALTER FUNCTION berths.price(int, text) OWNER TO harbour_owner',
  'REVOKE ALL ON FUNCTION berths.price(int, text) FROM PUBLIC',
  'GRANT EXECUTE ON FUNCTION berths.price(int, text) TO web',
  'CREATE FUNCTION berths."Fee, of"(amount int, "of" text, VARIADIC more int[]) RETURNS int LANGUAGE sql AS $$ SELECT 3 $$',
  'ALTER FUNCTION berths."Fee, of" OWNER TO harbour_owner',
  'REVOKE ALL ON FUNCTION berths."Fee, of" FROM PUBLIC',
  'GRANT EXECUTE ON FUNCTION berths."Fee, of" TO web',
  `CREATE FUNCTION berths."Price of"(IN boat int, "for, what" text DEFAULT 'x', OUT price numeric, VARIADIC "all" text[] DEFAULT '{}')
     LANGUAGE sql AS 'SELECT 1.0'`,
  'ALTER FUNCTION berths."Price of"(int, text, text[]) OWNER TO harbour_owner',
  'REVOKE ALL ON FUNCTION berths."Price of"(int, text, text[]) FROM PUBLIC',
  'GRANT EXECUTE ON FUNCTION berths."Price of"(int, text, text[]) TO web',
  "CREATE PROCEDURE berths.move(boat berths.boats, INOUT moved int, OUT place text) LANGUAGE sql AS 'SELECT 1, 2::text'",
  'ALTER PROCEDURE berths.move OWNER TO harbour_owner',
  'GRANT EXECUTE ON PROCEDURE berths.move TO web WITH GRANT OPTION',
  "CREATE FUNCTION berths.price(int, text[]) RETURNS int LANGUAGE sql AS 'SELECT 2'",
  'ALTER FUNCTION berths.price(int, text[]) OWNER TO audit_owner',
  "CREATE FUNCTION berths.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
  'ALTER FUNCTION berths.stamp() OWNER TO harbour_owner',
  'CREATE TRIGGER stamped BEFORE INSERT ON berths.boats FOR EACH ROW EXECUTE FUNCTION berths.stamp()',
  "CREATE PROCEDURE berths.tidy() LANGUAGE sql AS ''",
  'ALTER PROCEDURE berths.tidy() OWNER TO harbour_owner',
  'CREATE AGGREGATE berths.total(int) (SFUNC = int4pl, STYPE = int)',
  'ALTER AGGREGATE berths.total(int) OWNER TO harbour_owner',
  'CREATE AGGREGATE berths.each_row(*) (SFUNC = int8inc, STYPE = int8, INITCOND = 0)',
  'ALTER AGGREGATE berths.each_row(*) OWNER TO audit_owner',
  "CREATE TYPE berths.size AS ENUM ('small', 'large')",
  'ALTER TYPE berths.size OWNER TO harbour_owner',
  'CREATE TYPE berths.place AS (pier int, berth int)',
  'ALTER TYPE berths.place OWNER TO audit_owner',
  'CREATE DOMAIN berths.metres AS int CHECK (VALUE > 0)',
  'ALTER DOMAIN berths.metres OWNER TO harbour_owner',
  'REVOKE USAGE ON DOMAIN berths.metres FROM PUBLIC',
  'GRANT USAGE ON DOMAIN berths.metres TO web',
  "CREATE FUNCTION berths.is_size(berths.size, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'",
  'CREATE OPERATOR berths.=== (LEFTARG = berths.size, RIGHTARG = int, FUNCTION = berths.is_size)',
  'ALTER OPERATOR berths.=== (berths.size, int) OWNER TO harbour_owner',
  "CREATE COLLATION berths.german (provider = libc, locale = 'C')",
  'ALTER COLLATION berths.german OWNER TO harbour_owner',
  'CREATE TEXT SEARCH DICTIONARY berths.words (TEMPLATE = simple)',
  'ALTER TEXT SEARCH DICTIONARY berths.words OWNER TO harbour_owner',
  'CREATE TEXT SEARCH CONFIGURATION berths.search (COPY = simple)',
  'ALTER TEXT SEARCH CONFIGURATION berths.search OWNER TO audit_owner',
  'CREATE STATISTICS berths.together ON name, papers FROM berths.boats',
  'ALTER STATISTICS berths.together OWNER TO harbour_owner',
  "SELECT lo_from_bytea(5000, 'abc'), lo_from_bytea(5001, 'def'), lo_from_bytea(5002, 'ghi')",
  'ALTER LARGE OBJECT 5000 OWNER TO harbour_owner',
  'ALTER LARGE OBJECT 5001 OWNER TO harbour_owner',
  'ALTER LARGE OBJECT 5002 OWNER TO audit_owner',
  'GRANT SELECT ON LARGE OBJECT 5000, 5001 TO web',
  "CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1')",
  'ALTER SERVER elsewhere OWNER TO harbour_owner',
  'GRANT USAGE ON FOREIGN SERVER elsewhere TO web',
  "CREATE USER MAPPING FOR web SERVER elsewhere OPTIONS (user 'u', password 'pw')",
  'CREATE FOREIGN TABLE berths.far (a int) SERVER elsewhere',
  'ALTER FOREIGN TABLE berths.far OWNER TO harbour_owner',
  "CREATE VIEW berths.called AS SELECT * FROM dblink('dbname=nowhere', 'SELECT 1') AS t (a int)",
  'ALTER VIEW berths.called OWNER TO harbour_owner',
  'CREATE RULE no_change AS ON UPDATE TO berths.audit DO INSTEAD NOTHING',
  'CREATE UNLOGGED TABLE berths.waiting (a int)',
  'ALTER TABLE berths.waiting OWNER TO harbour_owner',
  'CREATE TABLE berths.made (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c int GENERATED BY DEFAULT AS IDENTITY)',
  'ALTER TABLE berths.made OWNER TO harbour_owner',
  'CREATE SEQUENCE berths.tickets',
  'ALTER SEQUENCE berths.tickets OWNER TO audit_owner',
  'CREATE FUNCTION berths.watched() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$',
  'ALTER FUNCTION berths.watched() OWNER TO harbour_owner',
  "CREATE EVENT TRIGGER watching ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION berths.watched()",
  "COMMENT ON EVENT TRIGGER watching IS 'looks on'",
  'CREATE PUBLICATION everything FOR ALL TABLES',
  "COMMENT ON PUBLICATION everything IS 'for the standby'",
  'CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA berths',
  'CREATE PUBLICATION boats FOR TABLE berths.boats',
  'ALTER PUBLICATION boats OWNER TO harbour_owner',
  "CREATE SUBSCRIPTION from_afar CONNECTION 'host=127.0.0.1 port=1 password=sec' PUBLICATION x WITH (connect = false, slot_name = NONE, enabled = false)",
  'ALTER DEFAULT PRIVILEGES FOR ROLE harbour_owner IN SCHEMA berths GRANT SELECT ON TABLES TO reporting',
  'ALTER DEFAULT PRIVILEGES FOR ROLE harbour_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC',
];

/** Everything of a database that says who owns what and who may use what, and which there is, one line each. */
export const catalogueSql = `
  SELECT 'relation ' || c.oid::regclass || ' ' || c.relkind::text || ' ' || pg_get_userbyid(relowner) || ' '
    || coalesce((SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(relacl) x), '-') AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^pg_|^information' AND relkind NOT IN ('i', 'I')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND deptype = 'e')
  UNION ALL SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(attacl) x)
    FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid > 16000
  UNION ALL SELECT 'routine ' || p.oid::regprocedure || ' ' || pg_get_userbyid(proowner) || ' ' || coalesce(proacl::text, '-')
    FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'berths'
  UNION ALL SELECT 'schema ' || nspname || ' ' || pg_get_userbyid(nspowner) || ' ' || coalesce(nspacl::text, '-')
    FROM pg_namespace WHERE nspname !~ '^pg_|^information'
  UNION ALL SELECT 'type ' || t.oid::regtype || ' ' || pg_get_userbyid(typowner) || ' ' || coalesce(typacl::text, '-')
    FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE nspname = 'berths' AND typname !~ '^_'
  UNION ALL SELECT 'operator ' || o.oid::regoperator || ' ' || pg_get_userbyid(oprowner) FROM pg_operator o WHERE o.oid > 16000
  UNION ALL SELECT 'collation ' || collname || ' ' || pg_get_userbyid(collowner) FROM pg_collation WHERE oid > 16000
  UNION ALL SELECT 'dictionary ' || dictname || ' ' || pg_get_userbyid(dictowner) FROM pg_ts_dict WHERE oid > 16000
  UNION ALL SELECT 'configuration ' || cfgname || ' ' || pg_get_userbyid(cfgowner) FROM pg_ts_config WHERE oid > 16000
  UNION ALL SELECT 'statistics ' || stxname || ' ' || pg_get_userbyid(stxowner) FROM pg_statistic_ext
  UNION ALL SELECT 'large object ' || oid || ' ' || pg_get_userbyid(lomowner) || ' ' || coalesce(lomacl::text, '-') FROM pg_largeobject_metadata
  UNION ALL SELECT 'default ' || pg_get_userbyid(defaclrole) || ' ' || coalesce(nullif(defaclnamespace, 0)::regnamespace::text, '') || ' '
    || defaclobjtype::text || ' ' || defaclacl::text FROM pg_default_acl
  UNION ALL SELECT 'extension ' || extname FROM pg_extension
  UNION ALL SELECT 'server ' || srvname || ' ' || pg_get_userbyid(srvowner) || ' ' || coalesce(srvacl::text, '-') FROM pg_foreign_server
  UNION ALL SELECT 'wrapper ' || fdwname || ' ' || coalesce(nullif(fdwhandler, 0)::regproc::text, '-') FROM pg_foreign_data_wrapper
  UNION ALL SELECT 'mapping ' || srvname || ' ' || usename || ' ' || (SELECT string_agg(x, ',' ORDER BY x) FROM unnest(umoptions) x) FROM pg_user_mappings
  UNION ALL SELECT 'publication ' || pubname || ' ' || pg_get_userbyid(pubowner) || ' ' || puballtables FROM pg_publication
  UNION ALL SELECT 'event trigger ' || evtname || ' ' || evtevent || ' ' || evtenabled::text || ' ' || coalesce(evttags::text, '-') FROM pg_event_trigger
  ORDER BY 1`;
