import { beforeAll, describe, expect, it } from 'vitest';
import type { Mode } from '../../src/base/mode.ts';
import type { JournalEntry } from '../../src/journal/entry.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import type { StepHandlers } from '../../src/kinds/handlers.ts';
import { linesBetween } from '../../src/plain/lines-between.ts';
import type { Question } from '../../src/ports/operator.ts';
import { renderRecord } from '../../src/record/render-record.ts';
import { toHtml } from '../../src/record/to-html.ts';
import { handlers } from '../../src/registry/kinds.ts';
import { createReadSession } from '../../src/session/read-session.ts';
import type { View } from '../../src/session/view.ts';
import { valueFrom } from '../contracts/object-store.contract.ts';
import { startToyRun } from '../engine/toy-run.ts';
import { createFakeRunFolder } from '../fakes/fake-run-folder.ts';
import type { FakeWorld } from '../fakes/fake-world.ts';
import { createCompany, newest, older, spoilNewest, wholeWalk } from '../fakes/whole-walk.ts';
import { createRewording } from './rewording.ts';

/** One walk of the whole runbook: who answers what, and what goes wrong meanwhile. */
type Walk = {
  readonly mode: Mode;
  readonly arrange?: (world: FakeWorld) => void;
  /** undefined: the usual answer; null: nobody is there. */
  readonly answer?: (question: Question, world: FakeWorld) => string | null | undefined;
};

const injects = [{ before: 'decrypt', text: 'The key is on the dead host.' }];
const exercise = {
  ...{ objectives: [], inScope: [], outOfScope: [], assumptions: [], absences: [], injects },
  criteria: [
    { text: 'The counts are right', step: 'restore-database' },
    { text: 'Nothing is left', judgedBy: 'clean-up' as const },
  ],
};

const usual = (question: Question): string => {
  switch (question.kind) {
    case 'type-name':
      return question.name;
    case 'choose-row':
      return question.preferred ?? newest;
    case 'confirm':
      return 'yes';
    case 'attest':
      return 'passed|seen';
    case 'choose':
      return `${question.choices[0]?.value ?? ''}|said at the table`;
    case 'failure':
      return 'skip|given up';
  }
};

const refused = {
  code: 'denied',
  message: 'The server refuses.',
  remedy: 'Ask who runs it.',
  retry: 'after-fix',
} as const;
const otherKey = (world: FakeWorld) =>
  world.host.files.set('/app/.env', Buffer.from(`DATABASE_URL=x\nENCRYPTION_KEY=${'7'.repeat(64)}\n`));

const walks: Readonly<Record<string, Walk>> = {
  'a restore that goes well': { mode: 'live' },
  'a restore with a damaged dump, another snapshot, a wrong key and a service that does not answer': {
    mode: 'live',
    answer: (question, world) => {
      if (question.id === 'begin') {
        otherKey(world);
        world.host.pages.clear();
        spoilNewest(world);
      }
      if (question.id === 'fetch.failure') return 'back:choose-snapshot';
      if (question.id === 'choose-snapshot' && world.host.files.has('seen')) return older;
      if (question.id === 'choose-snapshot') world.host.files.set('seen', Buffer.alloc(0));
      if (question.id === 'restore-database.keys') return 'accept|they are lost';
      if (question.kind === 'attest') return 'failed|a white page';
      return undefined;
    },
  },
  'a drill that lacks a table, with nobody there and a database that stays behind': {
    mode: 'drill',
    arrange: ({ tools, sandbox }) => {
      tools.restored = (database) => {
        const found = sandbox.databases.get(database);
        if (found !== undefined) sandbox.databases.set(database, { ...found, content: 'half' });
        sandbox.failNext('drop', refused);
      };
    },
    answer: (question) => (question.kind === 'failure' ? null : undefined),
  },
  'a restore that is blocked before anything was touched': {
    mode: 'live',
    arrange: (world) => {
      otherKey(world);
      world.production.failNext('identity', refused);
    },
    answer: (question) => (question.id === 'preflight' ? 'stop' : undefined),
  },
  'a tabletop': { mode: 'tabletop' },
};

type Walked = { readonly entries: readonly JournalEntry[]; readonly views: readonly View[] };

/** The entries of the run, and what was seen of it at each question and at its end. */
async function walk({ mode, arrange, answer }: Walk, kinds: StepHandlers): Promise<Walked> {
  const world = await createCompany();
  arrange?.(world);
  const folder = createFakeRunFolder({ afterAppend: () => world.host.pass(1000) });
  const views: View[] = [];
  const session = await startToyRun({
    ...{ steps: wholeWalk, handlers: kinds, mode, world, folder, about: { exercise } },
    answer: (question) => {
      views.push(session.view());
      const given = answer?.(question, world);
      return given === null ? undefined : (given ?? usual(question));
    },
  });
  await session.ended;
  views.push(session.view());
  return { entries: valueFrom(readJournal(valueFrom(await folder.readJournal()))).entries, views };
}

const recordOf = (entries: readonly JournalEntry[]) => {
  const record = renderRecord(entries, 'a'.repeat(64));
  if (record === undefined) throw new Error('There is no record');
  return record;
};

const viewOf = (entries: readonly JournalEntry[]) =>
  createReadSession({
    path: '/restore-logs/run',
    found: { entries, headHash: 'a'.repeat(64), outputs: new Map() },
    recordPath: 'record.md',
  }).view();

/** A page without its words: what is left are tables, rows, and which of them are red. */
const bones = (page: string) => page.replace(/>[^<]*</g, '><').replace(/ aria-label="[^"]*"/g, '');

describe.each(Object.entries(walks))('%s', (_name, given) => {
  const { reword, rewordKinds, restore } = createRewording();
  let first: Walked = { entries: [], views: [] };
  let other = first;

  beforeAll(async () => {
    first = await walk(given, handlers);
    other = await walk(given, rewordKinds(handlers));
    expect(JSON.stringify(other)).toMatch(/qx[0-9a-f]{8} /);
  });

  it('goes the same way when every kind of step speaks in other words, and leaves the same record', () => {
    expect(restore(other.entries)).toEqual(first.entries);
    expect(restore(recordOf(other.entries))).toEqual(recordOf(first.entries));
    expect(bones(toHtml(recordOf(other.entries)))).toBe(bones(toHtml(recordOf(first.entries))));
  });

  it('is seen the same, question by question, with the same lines at its end', () => {
    expect(first.views.at(-1)?.summary.length).toBeGreaterThan(1);
    expect(restore(other.views)).toEqual(first.views);
    const lines = ({ views }: Walked) =>
      views.flatMap((view, index) => linesBetween(index === 0 ? undefined : views[index - 1], view));
    expect(restore(lines(other))).toEqual(lines(first));
  });

  it('has the same record and the same view after each entry, whatever words the journal uses', () => {
    const reworded = reword(first.entries);
    for (let count = 1; count <= reworded.length; count += 1) {
      const [before, after] = [first.entries.slice(0, count), reworded.slice(0, count)];
      expect(restore(recordOf(after))).toEqual(recordOf(before));
      expect(restore(viewOf(after))).toEqual(viewOf(before));
    }
  });
});
