import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/steps/mail/diagnose.ts';
import { diagnoseKind } from '../../../src/steps/mail/kinds.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';
import { createFakeWorld } from '../../fakes/fake-world.ts';

const more = { instructions: 'Look.', remedy: 'Mend it.' };
const step = diagnoseKind.schema.parse({
  kind: 'diagnose',
  questions: [
    {
      id: 'redirect',
      title: 'Is it redirected?',
      variable: 'EMAIL_REDIRECT_TO',
      cause: 'it goes elsewhere.',
      ...more,
    },
    { id: 'queue', title: 'Is it stuck?', cause: 'the worker is down.', ...more },
    { id: 'spam', title: 'Is it spam?', cause: 'it was filtered.', ...more },
  ],
}) as never;

function stage(env: string, answers: Readonly<Record<string, string>>) {
  const world = createFakeWorld();
  world.host.files.set('/app/.env', Buffer.from(env));
  return createFakeContext({ world, answer: ({ id }) => answers[id] ?? 'unknown' });
}

describe('questions in order', () => {
  it('begin with what the program can see by itself; a yes ends them, without its value', async () => {
    const context = stage('EMAIL_REDIRECT_TO=secret@somewhere.example', {});
    await diagnose.run(step, context);
    expect(context.asked).toEqual([]);
    const lines = words(await diagnose.verify(step, context));
    expect(lines[0]).toBe('failed: Is it redirected? Yes: it goes elsewhere. (read from /app/.env)');
    expect(lines.slice(1)).toEqual([
      'skipped: Is it stuck? Not asked: the cause is found.',
      'skipped: Is it spam? Not asked: the cause is found.',
    ]);
    expect([...lines, ...context.said].join()).not.toContain('secret@');
  });

  it('are not asked again after a retry where the answer was no, and the cause is', async () => {
    const world = createFakeWorld();
    world.host.files.set('/app/.env', Buffer.from('EMAIL_REDIRECT_TO='));
    let stuck = 'yes';
    const context = createFakeContext({
      world,
      answer: ({ id }) => (id === 'diagnose.queue' ? stuck : 'no'),
    });
    await diagnose.run(step, context);
    expect(words(await diagnose.verify(step, context))[1]).toBe(
      'failed: Is it stuck? Yes: the worker is down. (a person)',
    );
    stuck = 'no';
    await diagnose.run(step, context);
    expect(context.asked.map(({ id }) => id)).toEqual(['diagnose.queue', 'diagnose.queue', 'diagnose.spam']);
  });

  it('that nobody can answer, and questions without a yes, prove nothing', async () => {
    const context = stage('', { 'diagnose.queue': 'no' });
    await diagnose.run(step, context);
    expect(words(await diagnose.verify(step, context))).toEqual([
      'passed: Is it redirected? No (read from /app/.env)',
      'passed: Is it stuck? No (a person)',
      'could-not-verify: Is it spam? Nobody could tell (a person)',
      'could-not-verify: none of the questions found a cause',
    ]);
  });

  it('cannot begin without the file they look into', async () => {
    const context = createFakeContext({});
    expect(words(await diagnose.check(step, context))[0]).toMatch(/^failed: /);
  });
});
