/**
 * One terminal, two voices: the lines of the run, and the prompt a person types behind. A line never lands on the
 * prompt's row, and the prompt is always the last thing to be seen.
 */
export type PromptedOutput = {
  /** Whole lines, each with its line break. */
  readonly write: (lines: string) => void;
  readonly prompt: (words: string) => void;
  /** What was typed is taken: nothing is waited for any more. */
  readonly answered: () => void;
};

export function createPromptedOutput(
  output: NodeJS.WritableStream,
  /** Whether a question is still open: one that was withdrawn leaves no prompt behind. */
  isAsked: () => boolean,
): PromptedOutput {
  let words = '';
  return {
    write(lines) {
      const rowBreak = words === '' ? '' : '\n';
      if (!isAsked()) words = '';
      output.write(`${rowBreak}${lines}${words}`);
    },
    prompt(next) {
      words = next;
      output.write(next);
    },
    answered() {
      words = '';
    },
  };
}
