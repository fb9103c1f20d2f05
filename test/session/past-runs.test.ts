import { describe, expect, it } from 'vitest';
import { succeed } from '../../src/base/failure.ts';
import { entriesOfKind } from '../../src/record/entries-of-kind.ts';
import { toyHandlers, toyStep } from '../engine/toy-handlers.ts';
import { startToyRun, toyRun } from '../engine/toy-run.ts';
import { createFakeWorld } from '../fakes/fake-world.ts';

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
const past = { medianMs: 80_000, longestMs: 120_000, runs: 3 };
const about = { history: { runs: ['one', 'two', 'three'], steps: { fetch: past }, openActions: [] } };

describe('a run that was done before', () => {
  it('shows what each step usually takes, and says when it takes far longer than ever', async () => {
    const world = createFakeWorld();
    let release = () => {};
    const handlers = toyHandlers({
      fetch: {
        run: () =>
          new Promise((resolve) => {
            release = () => resolve(succeed({ kind: 'done' }));
          }),
      },
    });
    const session = await startToyRun({ steps: [toyStep('fetch')], handlers, world, about });
    await settled();
    expect(session.view().steps[0]?.expected).toMatchObject({ durationMs: 80_000 });
    expect(session.view().details.fetch?.sentences).toEqual(['Plays fetch.']);
    await world.host.sleep(300_000);
    session.note('still fetching');
    await settled();
    expect(session.view().details.fetch?.sentences.at(-1)).toMatch(
      /^It has taken 5:00, far longer than ever before: usually 1:20, at most 2:00 in 3 earlier runs\.$/,
    );
    release();
    await session.ended;
  });

  it('knows nothing where it was never done', async () => {
    const { session } = await toyRun({ steps: [toyStep('fetch')], handlers: toyHandlers() });
    expect(session.view().steps[0]?.expected).toBeUndefined();
  });
});

describe('the programs of a step', () => {
  it('are noted with how they ended, a state that is polled only once, and secrets masked', async () => {
    const world = createFakeWorld();
    const { entries } = await toyRun({
      steps: [toyStep('fetch')],
      handlers: toyHandlers(),
      secrets: ['sesame-open'],
      world: {
        ...world,
        within: async (observe, work) => {
          for (let times = 0; times < 3; times += 1)
            await observe({ command: 'docker compose ps', durationMs: 3, exitCode: 0 });
          await observe({ command: 'psql sesame-open', durationMs: 5, exitCode: 2 });
          await observe({ command: 'gpg', durationMs: 1, because: 'tool-missing' });
          return work();
        },
      },
    });
    expect(
      entriesOfKind(entries, 'program-ended').map(
        ({ command, exitCode, because }) => `${command} ${exitCode ?? because}`,
      ),
    ).toEqual([
      // Once while it acts, once while it looks.
      'docker compose ps 0',
      'psql ‹secret› 2',
      'gpg tool-missing',
      'docker compose ps 0',
      'psql ‹secret› 2',
      'gpg tool-missing',
    ]);
  });
});
