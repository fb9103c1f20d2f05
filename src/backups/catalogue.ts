import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Catalogue, CatalogueObject, CatalogueSection } from '../ports/catalogue.ts';

/**
 * A fingerprint of what a database is made of beside its rows, section by section: two of them are equal exactly where the sections are. It
 * holds names of objects and digests, and nothing of which a secret is.
 */

/** Raised when an object is written otherwise: fingerprints of different forms are not compared. */
const form = 1;

/** So many objects are named in a manifest; beyond it is told of a section that it differs, and not where. */
const mostNamed = 5_000;
const shortLength = 12;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const catalogueFingerprint = z.object({
  form: z.int(),
  /** Of the server: what one version writes of a view another writes otherwise. */
  serverMajor: z.int(),
  sections: z.array(
    z.object({
      name: z.string(),
      count: z.int(),
      sha256,
      /** The beginning of each object's own digest, by its name. */
      objects: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
export type CatalogueFingerprint = z.infer<typeof catalogueFingerprint>;

/** A server writes these anew from what it has parsed, each version in its own way. */
const writtenByVersion: ReadonlySet<string> = new Set<CatalogueSection>([
  'texts of views',
  'grants of MAINTAIN',
]);
/** As a rule every version writes these alike. */
const doubtfulByVersion: ReadonlySet<string> = new Set<CatalogueSection>(['expressions']);

export function fingerprintCatalogue({ serverMajor, sections, objects }: Catalogue): CatalogueFingerprint {
  const named = objects.length <= mostNamed;
  return {
    form,
    serverMajor,
    sections: sections.map((name) => {
      const found = digestsOf(objects.filter(({ section }) => section === name));
      const short = [...found].map(([object, digest]) => [object, digest.slice(0, shortLength)] as const);
      return {
        name,
        count: found.size,
        sha256: digestOf([...found].map(([object, digest]) => `${digest} ${object}`).join('\n')),
        ...(named && found.size > 0 ? { objects: Object.fromEntries(short) } : {}),
      };
    }),
  };
}

/** In order of their names. */
function digestsOf(objects: readonly CatalogueObject[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string[]>();
  for (const { name, text } of objects) texts.set(name, [...(texts.get(name) ?? []), text]);
  const digests = [...texts].map(([name, all]) => [name, digestOf(all.sort().join('\0'))] as const);
  return new Map(digests.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** An object that is not as it was; without a name it is the section as a whole. */
export type CatalogueDifference = {
  readonly section: string;
  readonly name?: string;
  readonly how: 'missing' | 'not expected' | 'another';
};

type CatalogueComparison = {
  /** Sections that are equal, and how many objects are in them. */
  readonly equal: { readonly sections: number; readonly objects: number };
  readonly expected: { readonly sections: number; readonly objects: number };
  readonly differences: readonly CatalogueDifference[];
  /** What differs and may be as it was, written by another version. */
  readonly unclear: readonly CatalogueDifference[];
  readonly notCompared: readonly { readonly section: string; readonly why: string }[];
};

/** @param notRead why a section is not among those that were read, where that has a reason of its own. */
export function compareCatalogues(
  expected: CatalogueFingerprint,
  found: Catalogue & { readonly notRead: Readonly<Record<string, string>> },
): CatalogueComparison {
  const now = fingerprintCatalogue(found);
  const sections = new Map(now.sections.map((section) => [section.name, section]));
  const other = expected.serverMajor !== now.serverMajor;
  const notCompared: { section: string; why: string }[] = [];
  const differences: CatalogueDifference[] = [];
  const unclear: CatalogueDifference[] = [];
  const equal = { sections: 0, objects: 0 };
  for (const section of expected.sections) {
    const there = sections.get(section.name);
    const why = whyNotCompared({ section, there, other, expected, found });
    if (there !== undefined && section.sha256 === there.sha256) {
      equal.sections += 1;
      equal.objects += section.count;
    } else if (there === undefined || why !== undefined) {
      if (section.count > 0 || (there?.count ?? 0) > 0)
        notCompared.push({ section: section.name, why: why ?? 'it was not read' });
    } else {
      const where = other && doubtfulByVersion.has(section.name) ? unclear : differences;
      where.push(...differencesOf(section, there));
    }
  }
  const objects = expected.sections.reduce((sum, { count }) => sum + count, 0);
  return {
    ...{ equal, differences, unclear, notCompared },
    expected: { sections: expected.sections.length, objects },
  };
}

type Section = CatalogueFingerprint['sections'][number];

function whyNotCompared(about: {
  readonly section: Section;
  readonly there: Section | undefined;
  readonly other: boolean;
  readonly expected: CatalogueFingerprint;
  readonly found: { readonly serverMajor: number; readonly notRead: Readonly<Record<string, string>> };
}): string | undefined {
  const { section, there, other, expected, found } = about;
  if (expected.form !== form) return 'another version of thaw wrote it down, in another form';
  if (there === undefined) return found.notRead[section.name];
  return other && writtenByVersion.has(section.name)
    ? `PostgreSQL ${expected.serverMajor} writes them otherwise than ${found.serverMajor}`
    : undefined;
}

function differencesOf(expected: Section, found: Section): readonly CatalogueDifference[] {
  const section = expected.name;
  const [before, now] = [expected.objects ?? {}, found.objects ?? {}];
  const whole = [{ section, how: 'another' as const }];
  const isNamed = (one: Section) => one.objects !== undefined || one.count === 0;
  if (!isNamed(expected) || !isNamed(found)) return whole;
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  const named = names.flatMap((name): readonly CatalogueDifference[] => {
    if (before[name] === now[name]) return [];
    if (now[name] === undefined) return [{ section, name, how: 'missing' }];
    return [{ section, name, how: before[name] === undefined ? 'not expected' : 'another' }];
  });
  return named.length === 0 ? whole : named;
}

export function sayDifference({ section, name, how }: CatalogueDifference): string {
  if (name === undefined) return `${section} differ`;
  const words = { missing: 'is missing', 'not expected': 'is not expected', another: 'is another' }[how];
  return `${section}: ${name} ${words}`;
}
