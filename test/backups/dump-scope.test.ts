import { describe, expect, it } from 'vitest';
import { readDumpScope, scopeOfEntries } from '../../src/backups/dump-scope.ts';

const head = '--\n-- PostgreSQL database dump\n--\n\n';
const table =
  '--\n-- Name: users; Type: TABLE; Schema: public; Owner: nmia\n--\n\nCREATE TABLE public.users ();\n';
const rows =
  '--\n-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: nmia\n--\n\nCOPY public.users FROM stdin;\n\\.\n';
const end = '--\n-- PostgreSQL database dump complete\n--\n';
const trigger =
  '--\n-- Name: note(); Type: FUNCTION; Schema: public; Owner: nmia\n--\n\nCREATE FUNCTION public.note() AS $$\nBEGIN\nINSERT INTO notes VALUES (1);\nEND$$;\n';

const scope = (text: string, isWhole = true) =>
  readDumpScope({ format: 'plain', bytes: Buffer.from(text), isWhole });

describe('the beginning of a plain dump', () => {
  it('tells that it holds rows as soon as the first ones begin, though they are none', () => {
    expect(scope(head + table + rows.slice(0, 90), false)).toEqual({
      holds: 'both',
      tables: 1,
      owners: ['nmia'],
    });
  });

  it('tells the schema alone only from a dump that is there to its end', () => {
    expect(scope(head + table + end)).toEqual({ holds: 'schema', tables: 1, owners: ['nmia'] });
    expect(scope(head + table, false)).toBeUndefined();
    // Cut off: what is missing might have been the rows.
    expect(scope(head + table)).toBeUndefined();
  });

  it('takes what a function inserts for no rows', () => {
    expect(scope(head + trigger + table + end)).toMatchObject({ holds: 'schema', tables: 1 });
    expect(scope(head + trigger + table + rows + end)).toMatchObject({ holds: 'both', tables: 1 });
  });

  it('tells rows alone, and a database without tables', () => {
    expect(scope(head + rows + end)).toEqual({ holds: 'rows', tables: 1, owners: [] });
    expect(scope(head + trigger + end)).toEqual({ holds: 'both', tables: 0, owners: ['nmia'] });
  });

  it('names each owner once, whatever its name is made of, and none where the dump has none', () => {
    const other = table.replace('Owner: nmia', 'Owner: the "ünder" writer; Owner: x');
    const placed = table.replace('Owner: nmia', 'Owner: nmia; Tablespace: fast');
    const none = table.replace('Owner: nmia', 'Owner: -');
    expect(scope(head + placed + other + none + table + end)?.owners).toEqual([
      'nmia',
      'the "ünder" writer; Owner: x',
    ]);
  });
});

describe('the table of contents of a dump', () => {
  it('tells the same', () => {
    const entries = (...types: readonly string[]) => scopeOfEntries(types.map((type) => ({ type })));
    expect(entries('TABLE', 'TABLE DATA', 'INDEX')).toEqual({ holds: 'both', tables: 1 });
    expect(entries('TABLE', 'TABLE', 'SEQUENCE', 'INDEX')).toEqual({ holds: 'schema', tables: 2 });
    expect(entries('TABLE DATA')).toEqual({ holds: 'rows', tables: 1 });
    expect(entries('FUNCTION')).toEqual({ holds: 'both', tables: 0 });
  });
});
