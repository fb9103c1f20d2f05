import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { type InputRequest, inputPromise } from '../session/missing-input.ts';
import { modeWord } from '../session/words.ts';

/**
 * Asks line by line for what the runbook misses, where there is a person but no screen. Secrets are not echoed.
 *
 * @returns undefined when the person gave an empty line, or went away.
 */
export async function askInputs(request: {
  readonly inputs: InputRequest;
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}): Promise<ReadonlyMap<string, string> | undefined> {
  const { inputs, output } = request;
  let echoes = true;
  // readline itself echoes what is typed: for a secret, its echo goes nowhere.
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (echoes) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: request.input, output: echo, terminal: true });
  const gone = new Promise<undefined>((resolve) => {
    lines.once('close', () => resolve(undefined));
    lines.once('SIGINT', () => lines.close());
  });
  const { mode, title, missing } = inputs;
  output.write(
    `${modeWord(mode)} ${title}: ${missing.length} values are missing. ${inputPromise}\nAn empty line gives up.\n`,
  );
  const values = new Map<string, string>();
  try {
    for (const { name, about, secret, optional } of missing) {
      const prompt = `${name}, ${about}${secret ? ' (not shown)' : ''}${optional ? ' (may stay empty)' : ''}: `;
      // readline draws its line anew, from the first column on: what stands there is gone, unless it is its own prompt.
      if (secret) output.write(prompt);
      echoes = !secret;
      const typed = await Promise.race([lines.question(secret ? '' : prompt), gone]);
      echoes = true;
      if (secret) output.write('\n');
      if (typed === undefined || (typed === '' && optional === undefined)) return undefined;
      values.set(name, typed);
    }
    return values;
  } finally {
    lines.close();
  }
}
