import {
  collationOf,
  firstOwnOid,
  identified,
  identity,
  notOfExtension,
  ownSchema,
  row,
  settingsOf,
  sorted,
  withoutSecrets,
} from './pieces.ts';

/** What is no relation, and stands on none. */

const own = (...[table, alias, schema]: [string, string, string]) =>
  `FROM ${table} ${alias} JOIN pg_namespace n ON n.oid = ${alias}.${schema} ${identified(table, `${alias}.oid`)}
   WHERE ${ownSchema('n')} AND ${alias}.oid >= ${firstOwnOid} AND ${notOfExtension(table, `${alias}.oid`)}`;

const schemas = `${row('schemas', identity, {})} FROM pg_namespace n ${identified('pg_namespace', 'n.oid')}
  WHERE ${ownSchema('n')} AND ${notOfExtension('pg_namespace', 'n.oid')}`;

/** Without the version: a server installs its own. */
const extensions = `${row('extensions', `'extension ' || x.extname`, { schema: 'n.nspname' })} FROM pg_extension x
  JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.oid >= ${firstOwnOid}`;

/** Not those that come with a table, with another type, or with a range. */
const isType = `t.typtype <> 'm' AND (t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
  AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)`;

const types = `${row('types', identity, {
  kind: 't.typtype',
  labels: `(SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)`,
  base: `CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END`,
  'not null': 'nullif(t.typnotnull, false)',
  collation: `CASE WHEN t.typtype = 'd' THEN ${collationOf('t.typcollation')} END`,
  columns: `(SELECT jsonb_agg(concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), nullif(a.attcollation, 100)) ORDER BY a.attnum)
    FROM pg_attribute a WHERE a.attrelid = t.typrelid AND t.typtype = 'c' AND a.attnum > 0 AND NOT a.attisdropped)`,
  range: `(SELECT jsonb_build_array(format_type(r.rngsubtype, NULL), format_type(r.rngmultitypid, NULL), ${collationOf('r.rngcollation')},
    (SELECT oc.opcname FROM pg_opclass oc WHERE oc.oid = r.rngsubopc), r.rngcanonical, r.rngsubdiff) FROM pg_range r WHERE r.rngtypid = t.oid)`,
  functions: `CASE WHEN t.typtype = 'b' THEN jsonb_build_array(t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze,
    t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred, t.typdelim, t.typisdefined) END`,
})} ${own('pg_type', 't', 'typnamespace')} AND ${isType}`;

const functions = `${row('functions', identity, {
  kind: 'p.prokind',
  result: 'pg_get_function_result(p.oid)',
  language: '(SELECT l.lanname FROM pg_language l WHERE l.oid = p.prolang)',
  how: 'concat(p.provolatile, p.proisstrict, p.prosecdef, p.proleakproof, p.proparallel)',
  cost: `concat_ws(' ', p.procost, p.prorows, nullif(p.prosupport, 0)::text)`,
  arguments: `(SELECT jsonb_agg(format_type(u.type, NULL) ORDER BY u.place) FROM unnest(p.proallargtypes) WITH ORDINALITY u (type, place))`,
  names: 'p.proargnames',
  modes: 'p.proargmodes',
  defaults: 'nullif(p.pronargdefaults, 0)',
  settings: settingsOf('p.proconfig'),
  source: `nullif(p.prosrc, '')`,
  library: 'p.probin',
})} ${own('pg_proc', 'p', 'pronamespace')}`;

const aggregates = `SELECT 'functions', 'how ' || i.identity || ' counts', jsonb_build_array(a.aggkind, a.aggnumdirectargs, a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
    a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn, a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify,
    a.aggmfinalmodify, a.aggsortop::regoperator, format_type(a.aggtranstype, NULL), a.aggtransspace, a.aggmtransspace, a.agginitval, a.aggminitval)::text
  FROM pg_aggregate a JOIN (SELECT p.oid, i.identity ${own('pg_proc', 'p', 'pronamespace')}) i ON i.oid = a.aggfnoid`;

const operators = [
  `${row('operators', identity, {
    calls: `jsonb_build_array(o.oprcode, o.oprrest, o.oprjoin, nullif(o.oprcom, 0)::regoperator, nullif(o.oprnegate, 0)::regoperator, o.oprcanmerge, o.oprcanhash)`,
  })} ${own('pg_operator', 'o', 'oprnamespace')} AND o.oprcode <> 0`,
  `${row('operators', identity, {
    of: `jsonb_build_array(format_type(o.opcintype, NULL), o.opcdefault, format_type(nullif(o.opckeytype, 0), NULL))`,
  })} ${own('pg_opclass', 'o', 'opcnamespace')}`,
  `${row('operators', identity, {
    members: `(SELECT jsonb_agg(m.name ORDER BY m.name COLLATE "C") FROM (
      SELECT a.amopopr::regoperator || ' ' || a.amopstrategy AS name FROM pg_amop a WHERE a.amopfamily = o.oid
      UNION ALL SELECT a.amproc::regprocedure || ' ' || a.amprocnum FROM pg_amproc a WHERE a.amprocfamily = o.oid) m)`,
  })} ${own('pg_opfamily', 'o', 'opfnamespace')}`,
  `${row('operators', identity, { by: `jsonb_build_array(nullif(k.castfunc, 0)::regprocedure, k.castcontext, k.castmethod)` })}
   FROM pg_cast k ${identified('pg_cast', 'k.oid')} WHERE k.oid >= ${firstOwnOid} AND ${notOfExtension('pg_cast', 'k.oid')}`,
  `${row('operators', identity, { by: 'jsonb_build_array(k.conproc, k.condefault)' })} ${own('pg_conversion', 'k', 'connamespace')}`,
  ...['pg_language', 'pg_am', 'pg_transform', 'pg_ts_parser', 'pg_ts_template'].map(
    (table) => `${row('operators', identity, {})} FROM ${table} k ${identified(table, 'k.oid')}
      WHERE k.oid >= ${firstOwnOid} AND ${notOfExtension(table, 'k.oid')}`,
  ),
];

const texts = [
  `${row('text search and collations', identity, {
    parser: '(SELECT p.prsname FROM pg_ts_parser p WHERE p.oid = k.cfgparser)',
    maps: `(SELECT jsonb_agg(concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict::regdictionary) ORDER BY m.maptokentype, m.mapseqno)
      FROM pg_ts_config_map m WHERE m.mapcfg = k.oid)`,
  })} ${own('pg_ts_config', 'k', 'cfgnamespace')}`,
  `${row('text search and collations', identity, {
    template: '(SELECT t.tmplname FROM pg_ts_template t WHERE t.oid = k.dicttemplate)',
    options: 'k.dictinitoption',
  })} ${own('pg_ts_dict', 'k', 'dictnamespace')}`,
  `${row('text search and collations', identity, {
    provider: 'k.collprovider',
    deterministic: 'k.collisdeterministic',
    // One column has the locale of ICU, whose name is another one since 17.
    locale: `concat_ws(' ', k.collcollate, k.collctype, coalesce(to_jsonb(k) ->> 'colliculocale', to_jsonb(k) ->> 'colllocale'), to_jsonb(k) ->> 'collicurules')`,
  })} ${own('pg_collation', 'k', 'collnamespace')}`,
];

/** How to log in elsewhere is not read: it is a secret. */
const foreign = [
  `${row('foreign servers', identity, {
    handler: 'nullif(w.fdwhandler, 0)::regproc',
    validator: 'nullif(w.fdwvalidator, 0)::regproc',
    options: withoutSecrets('w.fdwoptions'),
  })} FROM pg_foreign_data_wrapper w ${identified('pg_foreign_data_wrapper', 'w.oid')} WHERE ${notOfExtension('pg_foreign_data_wrapper', 'w.oid')}`,
  `${row('foreign servers', identity, {
    wrapper: '(SELECT w.fdwname FROM pg_foreign_data_wrapper w WHERE w.oid = s.srvfdw)',
    type: 's.srvtype',
    version: 's.srvversion',
    options: withoutSecrets('s.srvoptions'),
  })} FROM pg_foreign_server s ${identified('pg_foreign_server', 's.oid')} WHERE ${notOfExtension('pg_foreign_server', 's.oid')}`,
  `SELECT 'foreign servers', 'user mapping of ' || u.usename || ' on ' || u.srvname, '' FROM pg_user_mappings u`,
];

/** Those that are made last, by an administrator. */
const lastClasses = `('pg_publication'::regclass, 'pg_event_trigger'::regclass, 'pg_subscription'::regclass)`;

/** That of an extension comes with it. */
const commentsOf = (
  ...[section, which]: [string, string]
) => `SELECT '${section}', i.type || ' ' || i.identity, d.description
  FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  WHERE (d.objoid >= ${firstOwnOid} OR d.classoid = 'pg_largeobject'::regclass
      OR (i.identity = 'public' AND d.description <> 'standard public schema'))
    AND d.classoid <> 'pg_extension'::regclass AND i.identity IS NOT NULL AND ${which}
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`;

const labels = `SELECT 'security labels', i.type || ' ' || i.identity, l.provider || ' ' || l.label
  FROM pg_seclabel l CROSS JOIN LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) i WHERE i.identity IS NOT NULL`;

/** There may be millions, and all of them are one object here. */
const largeObjects = `SELECT 'large objects', 'all large objects', concat_ws(' ', count(*), md5(string_agg(m.oid::text, ',' ORDER BY m.oid)))
  FROM pg_largeobject_metadata m HAVING count(*) > 0`;

const expressions = [
  `SELECT 'expressions', 'arguments of ' || i.identity, pg_get_function_arguments(p.oid) ${own('pg_proc', 'p', 'pronamespace')} AND p.pronargdefaults > 0`,
  `SELECT 'expressions', 'default of ' || i.identity, t.typdefault ${own('pg_type', 't', 'typnamespace')} AND t.typtype = 'd' AND t.typdefault IS NOT NULL`,
  `SELECT 'texts of views', ${identity}, pg_get_function_sqlbody(p.oid) ${own('pg_proc', 'p', 'pronamespace')} AND p.prosqlbody IS NOT NULL`,
];

export const otherStatements: readonly string[] = [
  schemas,
  extensions,
  types,
  functions,
  aggregates,
  ...operators,
  ...texts,
  ...foreign,
  commentsOf('comments', `d.classoid NOT IN ${lastClasses}`),
  labels,
  largeObjects,
  ...expressions,
];

/** @param version for example 150018; publications of whole schemas came with 15. */
export function lastStatements(version: number): readonly string[] {
  const schemasOf =
    version < 150_000
      ? ''
      : `UNION ALL SELECT 'all of ' || s.pnnspid::regnamespace FROM pg_publication_namespace s WHERE s.pnpubid = p.oid`;
  const part =
    version < 150_000
      ? `''`
      : `concat_ws(' ', (SELECT string_agg(quote_ident(a.attname), ',' ORDER BY a.attname) FROM pg_attribute a
    WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])), pg_get_expr(r.prqual, r.prrelid))`;
  return [
    `${row('publications', `'publication ' || p.pubname`, {
      what: `concat(p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot)`,
      generated: `nullif(to_jsonb(p) ->> 'pubgencols', 'n')`,
      of: `(SELECT jsonb_agg(m.name ORDER BY m.name COLLATE "C") FROM (
        SELECT concat_ws(' ', r.prrelid::regclass, ${part}) AS name FROM pg_publication_rel r WHERE r.prpubid = p.oid ${schemasOf}) m)`,
    })} FROM pg_publication p`,
    `SELECT 'subscriptions', 'subscription ' || s.subname, s.subpublications::text FROM pg_subscription s
     WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    `${row('event triggers', `'event trigger ' || e.evtname`, {
      event: 'e.evtevent',
      enabled: 'e.evtenabled',
      tags: sorted('e.evttags'),
      calls: 'e.evtfoid::regprocedure',
    })} FROM pg_event_trigger e WHERE ${notOfExtension('pg_event_trigger', 'e.oid')}`,
    commentsOf('late comments', `d.classoid IN ${lastClasses}`),
  ];
}
