import { createInterface } from 'node:readline';
import type { Question } from '../ports/operator.ts';
import type { Session } from '../session/view.ts';
import { stopAskedWords } from '../session/words.ts';
import type { PromptedOutput } from './prompted-output.ts';
import { promptFor, readTypedAnswer, type Typed } from './read-typed-answer.ts';
import { watchQuestions } from './watch-questions.ts';

type Waiting = { readonly question: Question; readonly noteFor?: string };

/**
 * Asks line by line, where there is a person but no screen: a dumb terminal, a screen reader, --plain. The question
 * itself is printed by the plain output; this only prompts and reads. Lines typed while nothing is asked are ignored
 * and never answer the next question.
 *
 * @returns the way to stop.
 */
export function askOnTerminal(request: {
  readonly session: Session;
  readonly input: NodeJS.ReadableStream;
  readonly output: PromptedOutput;
  /** The terminal is closed, or the person typed Ctrl+D: nobody answers any more. */
  readonly onGone?: () => void;
}): () => void {
  const { session, input, output } = request;
  const say = (text: string) => output.write(`${text}\n`);
  let waiting: Waiting | undefined;
  let stopAsked = false;
  const lines = createInterface({ input, terminal: false });

  const unwatch = watchQuestions(session, (question) => {
    waiting = { question };
    // The question is printed by another listener of the same change: the prompt comes after it.
    setImmediate(() => {
      if (waiting?.question === question) output.prompt(promptFor(question));
    });
  });

  lines.on('line', (line) => {
    const now = waiting;
    output.answered();
    if (now === undefined || session.view().question?.id !== now.question.id) {
      waiting = undefined;
      say('Nothing is asked right now; this line is ignored.');
      return;
    }
    const typed = readLine(now, line);
    if (typed.kind === 'answer') {
      waiting = undefined;
      session.answer(now.question.id, { ...typed.answer, by: 'operator' });
    } else if (typed.kind === 'needs-note') {
      waiting = { question: now.question, noteFor: typed.value };
      output.prompt('Why, or what was seen: ');
    } else {
      say(typed.message);
      output.prompt(now.noteFor === undefined ? promptFor(now.question) : 'Why, or what was seen: ');
    }
  });

  let stopped = false;
  lines.on('close', () => {
    if (!stopped) request.onGone?.();
  });
  // A closed terminal may end in an error (EIO) instead of an end.
  input.on('error', () => lines.close());

  const onInterrupt = () => {
    if (stopAsked) {
      say(stopAskedWords);
      return session.stop();
    }
    stopAsked = true;
    return say('The run goes on. Ctrl+C once more stops it at its next safe point; it can be resumed.');
  };
  process.on('SIGINT', onInterrupt);
  return () => {
    unwatch();
    stopped = true;
    lines.close();
    process.off('SIGINT', onInterrupt);
  };
}

function readLine(now: Waiting, line: string): Typed {
  if (now.noteFor === undefined) return readTypedAnswer(now.question, line);
  const note = line.trim();
  return note === ''
    ? { kind: 'again', message: 'A reason is needed for the record.' }
    : { kind: 'answer', answer: { value: now.noteFor, note } };
}
