import {
  collationOf,
  identified,
  identity,
  notOfExtension,
  ownSchema,
  row,
  sorted,
  withoutSecrets,
} from './pieces.ts';

/**
 * Tables and what stands on them. Names of types come qualified, since the search path holds the system alone. What belongs to an extension
 * comes with it. NOT NULL stands with its column: since 18 it is a constraint, too.
 */

const relation = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;
const isOwn = `${ownSchema('n')} AND c.relpersistence <> 't' AND ${notOfExtension('pg_class', 'c.oid')}`;

/** pg_dump lets a child of plain inheritance have the columns of its parents first. */
const isHeir = `(NOT c.relispartition AND EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid))`;

const columns = `(SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
    'not null', nullif(a.attnotnull, false), 'identity', nullif(a.attidentity::text, ''), 'generated', nullif(a.attgenerated::text, ''),
    'default', nullif(a.atthasdef, false), 'collation', CASE WHEN a.attcollation <> t.typcollation THEN ${collationOf('a.attcollation')} END,
    'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END, 'compression', nullif(a.attcompression::text, ''),
    'statistics', nullif(a.attstattarget, -1), 'options', ${sorted('a.attoptions')}, 'foreign options', ${withoutSecrets('a.attfdwoptions')}))
    ORDER BY CASE WHEN ${isHeir} THEN 0 ELSE a.attnum END, a.attname)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

const namesOf = (...[relid, numbers]: [string, string]) =>
  `(SELECT jsonb_agg(coalesce(a.attname::text, 'an expression') ORDER BY u.place) FROM unnest(${numbers}::int2[]) WITH ORDINALITY u (attnum, place)
    LEFT JOIN pg_attribute a ON a.attrelid = ${relid} AND a.attnum = u.attnum AND u.attnum <> 0)`;

/** What a view asks of others, which is the same in every version, however it writes the view. */
const uses = `(SELECT jsonb_agg(DISTINCT o.type || ' ' || o.identity) FROM pg_rewrite r
  JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.deptype = 'n'
    AND NOT (d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid)
  CROSS JOIN LATERAL pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) o
  WHERE r.ev_class = c.oid AND r.rulename = '_RETURN')`;

const tables = `${row('tables', identity, {
  persistence: `nullif(c.relpersistence::text, 'p')`,
  'access method': '(SELECT amname FROM pg_am WHERE pg_am.oid = c.relam)',
  options: sorted('c.reloptions'),
  'toast options': `(SELECT ${sorted('x.reloptions')} FROM pg_class x WHERE x.oid = c.reltoastrelid)`,
  'row security': 'nullif(c.relrowsecurity, false)',
  'row security forced': 'nullif(c.relforcerowsecurity, false)',
  'replica identity': 'c.relreplident',
  'of type': `CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END`,
  parents: `(SELECT jsonb_agg(h.inhparent::regclass ORDER BY h.inhseqno) FROM pg_inherits h WHERE h.inhrelid = c.oid)`,
  filled: `CASE WHEN c.relkind = 'm' THEN c.relispopulated END`,
  server: `(SELECT s.srvname FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid)`,
  'foreign options': `(SELECT ${withoutSecrets('f.ftoptions')} FROM pg_foreign_table f WHERE f.ftrelid = c.oid)`,
  uses,
  columns,
})} FROM ${relation} ${identified('pg_class', 'c.oid')} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${isOwn}`;

const sequences = `${row('sequences', identity, {
  persistence: `nullif(c.relpersistence::text, 'p')`,
  type: 'format_type(s.seqtypid, NULL)',
  range: `concat_ws(' ', s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)`,
  of: `(SELECT o.identity || d.deptype::text FROM pg_depend d CROSS JOIN LATERAL pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) o
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i'))`,
})} FROM pg_sequence s JOIN (${relation}) ON c.oid = s.seqrelid ${identified('pg_class', 'c.oid')} WHERE ${isOwn}`;

/** An index that is not valid is in no dump. */
const ownIndex = `pg_index x JOIN (${relation}) ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid ${identified('pg_class', 'c.oid')}
  WHERE (x.indisvalid OR t.relkind = 'p') AND ${isOwn} AND ${notOfExtension('pg_class', 't.oid')}`;

const indexes = `${row('indexes', identity, {
  table: 'x.indrelid::regclass',
  unique: 'nullif(x.indisunique, false)',
  primary: 'nullif(x.indisprimary, false)',
  clustered: 'nullif(x.indisclustered, false)',
  'replica identity': 'nullif(x.indisreplident, false)',
  parent: `(SELECT h.inhparent::regclass FROM pg_inherits h WHERE h.inhrelid = c.oid)`,
  columns: namesOf('x.indrelid', 'x.indkey'),
  statistics: `(SELECT jsonb_agg(concat_ws(' ', a.attnum, a.attstattarget) ORDER BY a.attnum) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND nullif(a.attstattarget, -1) IS NOT NULL)`,
})} FROM ${ownIndex}`;

/** Those that a foreign key has on partitions are made anew with it, under names of their own. */
const ownConstraint = `pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace ${identified('pg_constraint', 'k.oid')}
  WHERE k.contype <> 'n' AND NOT (k.contype = 'f' AND k.conparentid <> 0) AND ${ownSchema('n')}
    AND ${notOfExtension('pg_class', 'k.conrelid')} AND ${notOfExtension('pg_type', 'k.contypid')}`;

const constraints = `${row('constraints', identity, {
  kind: 'k.contype',
  columns: namesOf('k.conrelid', 'k.conkey'),
  references: `CASE WHEN k.confrelid <> 0 THEN k.confrelid::regclass END`,
  'referenced columns': namesOf('k.confrelid', 'k.confkey'),
  acts: `CASE WHEN k.contype = 'f' THEN concat(k.confupdtype, k.confdeltype, k.confmatchtype) END`,
  deferrable: 'nullif(k.condeferrable, false)',
  deferred: 'nullif(k.condeferred, false)',
  'not valid': 'nullif(NOT k.convalidated, false)',
  'not inherited': `CASE WHEN k.contype = 'c' THEN nullif(k.connoinherit, false) END`,
  'not enforced': `CASE WHEN to_jsonb(k) ->> 'conenforced' = 'false' THEN true END`,
})} FROM ${ownConstraint}`;

const ownTrigger = `pg_trigger g JOIN (${relation}) ON c.oid = g.tgrelid ${identified('pg_trigger', 'g.oid')}
  WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND ${isOwn}`;

const triggers = `${row('triggers and rules', identity, {
  enabled: 'g.tgenabled',
  calls: 'g.tgfoid::regprocedure',
  when: 'g.tgtype',
  columns: namesOf('g.tgrelid', 'g.tgattr'),
  arguments: `nullif(encode(g.tgargs, 'escape'), '')`,
  deferrable: `nullif(concat(g.tgdeferrable, g.tginitdeferred), 'ff')`,
  tables: `nullif(concat_ws(' ', g.tgoldtable, g.tgnewtable), '')`,
})} FROM ${ownTrigger}`;

const ownRule = `pg_rewrite r JOIN (${relation}) ON c.oid = r.ev_class ${identified('pg_rewrite', 'r.oid')}
  WHERE r.rulename <> '_RETURN' AND ${isOwn}`;

const rules = `${row('triggers and rules', identity, {
  enabled: 'r.ev_enabled',
  event: 'r.ev_type',
  instead: 'r.is_instead',
})} FROM ${ownRule}`;

const ownPolicy = `pg_policy p JOIN (${relation}) ON c.oid = p.polrelid ${identified('pg_policy', 'p.oid')} WHERE ${isOwn}`;

const policies = `${row('policies', identity, {
  command: 'p.polcmd',
  permissive: 'p.polpermissive',
  roles: `(SELECT jsonb_agg(m.name ORDER BY m.name) FROM (SELECT CASE u WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(u)::text END COLLATE "C" AS name
    FROM unnest(p.polroles) u) m)`,
})} FROM ${ownPolicy}`;

const ownStatistics = `pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace ${identified('pg_statistic_ext', 's.oid')}
  WHERE ${ownSchema('n')} AND ${notOfExtension('pg_statistic_ext', 's.oid')}`;

const statistics = `${row('statistics', identity, {
  table: 's.stxrelid::regclass',
  kinds: `(SELECT string_agg(u::text, '' ORDER BY u::text COLLATE "C") FROM unnest(s.stxkind) u)`,
  columns: namesOf('s.stxrelid', 's.stxkeys'),
  target: `nullif(to_jsonb(s) ->> 'stxstattarget', '-1')`,
})} FROM ${ownStatistics}`;

/** What a server writes anew from what it has parsed. */
const expressions = [
  `SELECT 'expressions', ${identity}, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN (${relation}) ON c.oid = d.adrelid
     ${identified('pg_attrdef', 'd.oid')} WHERE ${isOwn}`,
  `SELECT 'expressions', 'partition ' || i.identity, pg_get_expr(c.relpartbound, c.oid) FROM ${relation} ${identified('pg_class', 'c.oid')}
     WHERE c.relispartition AND c.relkind <> 'i' AND c.relkind <> 'I' AND ${isOwn}`,
  `SELECT 'expressions', 'key of partitions of ' || i.identity, pg_get_partkeydef(c.oid) FROM ${relation} ${identified('pg_class', 'c.oid')}
     WHERE c.relkind = 'p' AND ${isOwn}`,
  `SELECT 'expressions', ${identity}, pg_get_indexdef(x.indexrelid) FROM ${ownIndex}`,
  `SELECT 'expressions', ${identity}, pg_get_constraintdef(k.oid) FROM ${ownConstraint}`,
  `SELECT 'expressions', ${identity}, pg_get_triggerdef(g.oid) FROM ${ownTrigger}`,
  `SELECT 'expressions', ${identity}, concat_ws(' / ', coalesce(pg_get_expr(p.polqual, p.polrelid), '-'), pg_get_expr(p.polwithcheck, p.polrelid))
     FROM ${ownPolicy}`,
  `SELECT 'expressions', ${identity}, pg_get_statisticsobjdef(s.oid) FROM ${ownStatistics}`,
  `SELECT 'texts of views', ${identity}, pg_get_viewdef(c.oid) FROM ${relation} ${identified('pg_class', 'c.oid')}
     WHERE c.relkind IN ('v', 'm') AND ${isOwn}`,
  `SELECT 'texts of views', ${identity}, pg_get_ruledef(r.oid) FROM ${ownRule}`,
];

const tablespaces = `SELECT 'tablespaces', ${identity}, (SELECT spcname::text FROM pg_tablespace s WHERE s.oid = c.reltablespace)
  FROM ${relation} ${identified('pg_class', 'c.oid')} WHERE c.reltablespace <> 0 AND ${isOwn}`;

export const relationStatements: readonly string[] = [
  tables,
  sequences,
  indexes,
  constraints,
  triggers,
  rules,
  policies,
  statistics,
  ...expressions,
  tablespaces,
];
