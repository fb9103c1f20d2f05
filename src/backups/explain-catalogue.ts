import { type CatalogueDifference, sayDifference } from './catalogue.ts';

/** What a restore has left out, as it says itself: owners and grants in the words of the report about them. */
export type LeftOut = {
  readonly rights: readonly { readonly what: string; readonly why: string }[];
  /** Of the database itself. */
  readonly settings: readonly { readonly what: string; readonly why: string }[];
  /** Something is in another tablespace. */
  readonly moved: boolean;
};

type Explained = { readonly what: string; readonly why: string };

/** Parts what a decision of the restore explains from what nothing explains. */
export function explainDifferences(
  differences: readonly CatalogueDifference[],
  left: LeftOut,
): { readonly explained: readonly Explained[]; readonly unexplained: readonly CatalogueDifference[] } {
  const explained: Explained[] = [];
  const unexplained: CatalogueDifference[] = [];
  for (const difference of differences) {
    const why = explain(difference, left);
    if (why === undefined) unexplained.push(difference);
    else explained.push({ what: sayDifference(difference), why });
  }
  return { explained, unexplained };
}

function explain({ section, name = '' }: CatalogueDifference, left: LeftOut): string | undefined {
  const whyOf = (isIt: (what: string) => boolean) => left.rights.find(({ what }) => isIt(what))?.why;
  switch (section) {
    case 'subscriptions':
      return 'a subscription is never made of a dump: it would begin to replicate';
    case 'security labels':
      return 'labels are not taken from a dump';
    case 'tablespaces':
      return left.moved ? 'this server has not that tablespace' : undefined;
    case 'owners':
      return whyOf((what) => what === name || isOfLargeObjects(what, name));
    case 'grants':
    case 'grants of MAINTAIN': {
      const { object, grantee } = partsOfGrant(name);
      return whyOf((what) => what === object || isGrant(what, { object, grantee }));
    }
    case 'default privileges':
      return whyOf((what) => isDefault(what, name));
    case 'publications':
    case 'event triggers':
    case 'late comments':
      return whyOf(
        (what) => what === name || what.startsWith(`publication tables in schema ${after(name)} `),
      );
    case 'settings':
    case 'rights to the database':
      return left.settings.find(({ what }) => isOfDatabase(what, name))?.why;
    default:
      return undefined;
  }
}

function after(name: string): string {
  return name.slice(name.indexOf(' ') + 1);
}

/** Theirs is one line for each owner. */
function isOfLargeObjects(what: string, name: string): boolean {
  return name.startsWith('large objects of ') && /large object /i.test(what);
}

function partsOfGrant(name: string): { readonly object: string; readonly grantee: string } {
  const place = name.lastIndexOf(' to ');
  return { object: name.slice(0, place), grantee: name.slice(place + 4) };
}

/** `grant SELECT on TABLE clients to gone`: the table of contents names no schema. */
function isGrant(what: string, { object, grantee }: ReturnType<typeof partsOfGrant>): boolean {
  const [, tag = '', whom] = /^(?:grant|revoke) .*? on (.*) (?:to|from) (.*)$/.exec(what) ?? [];
  const plain = (text: string) => text.replaceAll(' ', '').replaceAll('"', '');
  const named = /^(?:FOREIGN SERVER|LARGE OBJECT|[A-Z]+) (.*)$/.exec(tag)?.[1];
  return whom === grantee && named !== undefined && plain(object).endsWith(plain(named));
}

/** `default privileges of owner on tables`. */
function isDefault(what: string, name: string): boolean {
  const [, role, on] = /^default privileges of (.*) on (.*)$/.exec(what) ?? [];
  return role !== undefined && name.startsWith(`of ${role} `) && name.includes(` on ${on} to `);
}

/** `setting work_mem of role`, `connection limit 9`, `owner x`, `grant CONNECT on the database to x`. */
function isOfDatabase(what: string, name: string): boolean {
  if (name === 'owner') return what.startsWith('owner ');
  if (name === 'connection limit') return what.startsWith('connection limit ');
  if (name.startsWith('to '))
    return / on the database (?:to|from) /.test(what) && what.endsWith(` ${name.slice(3)}`);
  if (!what.startsWith('setting ')) return false;
  return name === 'settings' ? !what.includes(' of ') : what.endsWith(name.slice('settings'.length));
}
