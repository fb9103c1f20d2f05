import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { askOnTerminal } from '../../src/plain/ask-on-terminal.ts';
import { createPromptedOutput } from '../../src/plain/prompted-output.ts';
import type { Question } from '../../src/ports/operator.ts';
import { createMemorySession } from '../ui/memory-session.ts';
import { questions, sampleView } from '../ui/sample-views.ts';

async function ask(question: Question | undefined, typed: readonly string[]) {
  const session = createMemorySession(sampleView(question === undefined ? {} : { question }));
  const input = new PassThrough();
  const output = new PassThrough();
  const isAsked = () => session.view().question !== undefined;
  const stop = askOnTerminal({ session, input, output: createPromptedOutput(output, isAsked) });
  await setImmediate();
  for (const line of typed) {
    input.write(`${line}\n`);
    await setImmediate();
    await setImmediate();
  }
  stop();
  return { answers: session.answers.map((one) => one.answer), said: String(output.read() ?? '') };
}

describe('Questions asked line by line', () => {
  test('a choice is taken by its number, and what cannot be chosen says why', async () => {
    const { answers, said } = await ask(questions.choose, ['2', '1']);
    expect(said).toContain('it expired on 2026-03-01');
    expect(answers).toEqual([{ value: 'a', by: 'operator' }]);
  });

  test('a choice that needs a reason asks for it, and an empty one is none', async () => {
    const { answers } = await ask(questions.failure, ['2', '', 'key is at home']);
    expect(answers).toEqual([{ value: 'skip', note: 'key is at home', by: 'operator' }]);
  });

  test('latest takes the proposed row', async () => {
    expect((await ask(questions['choose-row'], ['latest'])).answers).toEqual([
      { value: '14', by: 'operator' },
    ]);
  });

  test('only the exact name goes on', async () => {
    const { answers, said } = await ask(questions['type-name'], ['yes', 'port_nimara', 'port_nimara_crm']);
    expect(said).toContain('The name does not match; nothing happened.');
    expect(answers).toEqual([{ value: 'port_nimara_crm', by: 'operator' }]);
  });

  test('yes has to be written out, and an empty line says nothing', async () => {
    expect((await ask(questions.confirm, ['', 'y', 'yes'])).answers).toEqual([
      { value: 'yes', by: 'operator' },
    ]);
    expect((await ask(questions.confirm, ['no'])).answers).toEqual([{ value: 'no', by: 'operator' }]);
  });

  test('an attestation may carry its note on the same line', async () => {
    expect((await ask(questions.attest, ['failed: blank page'])).answers).toEqual([
      { value: 'failed', note: 'blank page', by: 'operator' },
    ]);
    expect((await ask(questions.attest, ['skipped', 'nobody at the desk'])).answers).toEqual([
      { value: 'skipped', note: 'nobody at the desk', by: 'operator' },
    ]);
  });

  test('a line typed while nothing is asked answers nothing', async () => {
    const { answers, said } = await ask(undefined, ['yes']);
    expect(answers).toEqual([]);
    expect(said).toContain('Nothing is asked right now');
  });
});

describe('A prompt among the lines of a run', () => {
  function promptAmongLines() {
    let asked = true;
    const output = new PassThrough();
    const prompted = createPromptedOutput(output, () => asked);
    prompted.write('asked\n');
    prompted.prompt('Type yes: ');
    return {
      prompted,
      withdraw: () => {
        asked = false;
      },
      said: () => String(output.read() ?? ''),
    };
  }

  test('comes again below each line, which never lands on its row', () => {
    const { prompted, said } = promptAmongLines();
    prompted.write('step 6 failed\n');
    expect(said()).toBe('asked\nType yes: \nstep 6 failed\nType yes: ');
  });

  test('does not come again once it is answered, or the question withdrawn', () => {
    const answered = promptAmongLines();
    answered.prompted.answered();
    answered.prompted.write('done\n');
    expect(answered.said()).toBe('asked\nType yes: done\n');
    const withdrawn = promptAmongLines();
    withdrawn.withdraw();
    withdrawn.prompted.write('stopped\n');
    withdrawn.prompted.write('summary\n');
    expect(withdrawn.said()).toBe('asked\nType yes: \nstopped\nsummary\n');
  });
});
