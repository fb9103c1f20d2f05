import { describe, expect, it } from 'vitest';
import { succeed } from '../../../src/base/failure.ts';
import { commandKind } from '../../../src/steps/command/kind.ts';
import { runCommand } from '../../../src/steps/command/run-command.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';
import { ended } from '../../fakes/fake-world.ts';

const stepWith = (more: object = {}) =>
  commandKind.schema.parse({ kind: 'command', program: 'reindex', args: ['--all', 'a b'], ...more }) as never;

describe('a command of the runbook', () => {
  it('runs with its arguments as they are, never through a shell', async () => {
    const context = createFakeContext({});
    let asked: unknown;
    context.world.programs.run = async (request) => {
      asked = request;
      return succeed(ended(0));
    };
    expect((await runCommand.run(stepWith(), context)).ok).toBe(true);
    expect(asked).toMatchObject({ program: 'reindex', args: ['--all', 'a b'], stallMs: 900_000 });
    expect(words(await runCommand.verify(stepWith(), context))).toEqual([
      'passed: reindex ended with status 0',
    ]);
  });

  it('fails with its status and its last words', async () => {
    const context = createFakeContext({});
    context.world.programs.run = async () => succeed({ exitCode: 3, stdout: 'out', stderr: 'no index' });
    expect(await runCommand.run(stepWith(), context)).toMatchObject({
      ok: false,
      failure: { code: 'command-failed', message: 'reindex ended with status 3.', detail: 'out\nno index' },
    });
  });

  it('stays out of drills unless the runbook lets it in', async () => {
    const context = createFakeContext({ mode: 'drill' });
    expect(await runCommand.run(stepWith(), context)).toMatchObject({
      ok: true,
      value: { kind: 'not-executed' },
    });
    expect(await runCommand.run(stepWith({ inDrill: true }), context)).toMatchObject({
      ok: true,
      value: { kind: 'done' },
    });
  });

  it('is for a person to judge after a crash', () => {
    expect(runCommand.afterCrash).toBe('ask');
  });
});
