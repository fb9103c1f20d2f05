import { describe, expect, it } from 'vitest';
import { compareCatalogues, fingerprintCatalogue, sayDifference } from '../../src/backups/catalogue.ts';
import { explainDifferences, type LeftOut } from '../../src/backups/explain-catalogue.ts';
import type { Catalogue, CatalogueObject, CatalogueSection } from '../../src/ports/catalogue.ts';

const object = (section: CatalogueSection, name: string, text = 'x'): CatalogueObject => ({
  section,
  name,
  text,
});
const whole: Catalogue = {
  serverMajor: 15,
  sections: ['tables', 'grants', 'expressions', 'texts of views', 'policies'],
  objects: [
    object('tables', 'table public.clients'),
    object('tables', 'table public.receipts'),
    object('grants', 'table public.clients to web', '+SELECT'),
    object('expressions', 'default value for public.clients.id', '1'),
    object('texts of views', 'view public.v', 'SELECT 1'),
  ],
};
const compare = (found: Partial<Catalogue>, notRead = {}) =>
  compareCatalogues(fingerprintCatalogue(whole), { ...whole, ...found, notRead });
const words = (found: Partial<Catalogue>) => compare(found).differences.map(sayDifference);

describe('the fingerprint of a catalogue', () => {
  it('is the same in whatever order the server gives the objects', () => {
    const turned = { ...whole, objects: whole.objects.toReversed() };
    expect(fingerprintCatalogue(turned)).toEqual(fingerprintCatalogue(whole));
    expect(compare(turned)).toMatchObject({ differences: [], equal: { sections: 5, objects: 5 } });
  });

  it('names what is missing, what is another, and what was not expected', () => {
    const objects = [
      ...whole.objects.slice(1).map((one) => (one.section === 'grants' ? { ...one, text: '+UPDATE' } : one)),
      object('policies', 'policy own on public.clients'),
    ];
    expect(words({ objects })).toEqual([
      'tables: table public.clients is missing',
      'grants: table public.clients to web is another',
      'policies: policy own on public.clients is not expected',
    ]);
  });

  it('of more objects than are named tells the section', () => {
    const many = Array.from({ length: 5001 }, (_, index) => object('tables', `table t${index}`));
    const expected = fingerprintCatalogue({ ...whole, objects: many });
    expect(expected.sections[0]).toMatchObject({ count: 5001 });
    expect(expected.sections[0]?.objects).toBeUndefined();
    const found = compareCatalogues(expected, { ...whole, objects: many.slice(1), notRead: {} });
    expect(found.differences.map(sayDifference)).toEqual(['tables differ']);
  });

  it('takes no text of a view of another version for another view, and no expression for certain', () => {
    const objects = whole.objects.map((one) =>
      one.section === 'expressions' || one.section === 'texts of views' ? { ...one, text: 'other' } : one,
    );
    expect(words({ objects })).toHaveLength(2);
    const other = compare({ objects, serverMajor: 18 });
    expect(other.differences).toEqual([]);
    expect(other.unclear.map(sayDifference)).toEqual([
      'expressions: default value for public.clients.id is another',
    ]);
    expect(other.notCompared).toEqual([
      { section: 'texts of views', why: 'PostgreSQL 15 writes them otherwise than 18' },
    ]);
  });

  it('says what was not read, and does not count it as equal', () => {
    const sections = whole.sections.filter((section) => section !== 'grants');
    const objects = whole.objects.filter(({ section }) => section !== 'grants');
    const found = compare({ sections, objects }, { grants: 'they were left out' });
    expect(found).toMatchObject({
      equal: { sections: 4, objects: 4 },
      expected: { sections: 5, objects: 5 },
    });
    expect(found.notCompared).toEqual([{ section: 'grants', why: 'they were left out' }]);
  });

  it('of another form is not compared', () => {
    const expected = { ...fingerprintCatalogue(whole), form: 2 };
    const found = compareCatalogues(expected, { ...whole, objects: [], notRead: {} });
    expect(found.differences).toEqual([]);
    expect(found.notCompared).toHaveLength(4);
  });
});

describe('a difference', () => {
  const left = (what: string, why = 'there is no role gone'): LeftOut => ({
    rights: [{ what, why }],
    settings: [{ what, why }],
    moved: false,
  });
  const none: LeftOut = { rights: [], settings: [], moved: false };
  const isExplained = (...[section, name, by]: [string, string, LeftOut]) =>
    explainDifferences([{ section, name, how: 'missing' }], by).unexplained.length === 0;

  it.each([
    ['owners', 'table public.audit', 'table public.audit'],
    ['owners', 'large objects of gone', 'large object 5000'],
    ['owners', 'large objects of gone', 'grant SELECT on LARGE OBJECT 5000 to gone'],
    ['grants', 'table public.clients to gone', 'grant SELECT on TABLE clients to gone'],
    ['grants', 'table public.clients to web', 'table public.clients'],
    ['grants', 'table column public.clients.id to gone', 'grant SELECT on COLUMN clients.id to gone'],
    ['grants', 'function made.tax(integer,text) to gone', 'grant ALL on FUNCTION tax(integer, text) to gone'],
    ['grants', 'table "Dry Dock"."Open Jobs" to gone', 'grant SELECT on TABLE "Open Jobs" to gone'],
    ['default privileges', 'of gone in made on tables to web', 'default privileges of gone on tables'],
    ['publications', 'publication everything', 'publication everything'],
    ['publications', 'publication some', 'publication tables in schema some berths'],
    ['event triggers', 'event trigger watching', 'event trigger watching'],
    ['late comments', 'event trigger watching', 'event trigger watching'],
    ['settings', 'settings of gone', 'setting work_mem of gone'],
    ['settings', 'settings', 'setting log_statement'],
    ['rights to the database', 'to gone', 'grant CONNECT on the database to gone'],
    ['rights to the database', 'owner', 'owner gone'],
  ])('in %s of %s is explained by what was left out: %s', (section, name, what) => {
    expect(isExplained(section, name, left(what))).toBe(true);
    expect(isExplained(section, name, none)).toBe(false);
    expect(isExplained(section, name, left('table other.thing'))).toBe(false);
  });

  it('of a subscription, a label and a tablespace that is not there is explained by itself', () => {
    expect(isExplained('subscriptions', 'subscription s', none)).toBe(true);
    expect(isExplained('security labels', 'table a.b', none)).toBe(true);
    expect(isExplained('tablespaces', 'table a.b', none)).toBe(false);
    expect(isExplained('tablespaces', 'table a.b', { ...none, moved: true })).toBe(true);
    expect(isExplained('tables', 'table a.b', left('table a.b'))).toBe(false);
  });
});
