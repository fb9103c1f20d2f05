import type { Failure } from '../base/failure.ts';
import type { RunEnd } from '../engine/run-end.ts';
import { answerFromFlags } from '../plain/answer-from-flags.ts';
import { systemClock } from '../plain/clock.ts';
import { printSession } from '../plain/print-session.ts';
import type { Question } from '../ports/operator.ts';
import type { RunningSession } from '../session/session.ts';
import type { Attendants } from './attendants.ts';
import { exitStatus, statusOfEnd } from './exit-status.ts';
import type { WalkOptions } from './options.ts';
import type { TerminalContext } from './terminal.ts';

/** Answers a question where nobody is there, and says whether it did. */
export type AnswerInstead = (question: Question, session: RunningSession) => Promise<boolean>;

type Attending = {
  readonly session: RunningSession;
  readonly options: WalkOptions;
  readonly context: TerminalContext;
  readonly attendants: Attendants;
  /** The rehearsal answers for itself where nobody is there. */
  readonly answerInstead?: AnswerInstead;
};

/**
 * Stays with a run until it ends, in the process of the run, and returns the exit status. Terminals come and go; where none of them is
 * attached, a question is answered by the options, or it waits, or the run stops at it, resumable: `whenAlone`.
 */
export async function attend(request: Attending): Promise<number> {
  const { session, options, context, attendants } = request;
  const interrupts = watchInterrupts(session, attendants);
  const declines = attendants.whenAlone === 'stops';
  const unanswered = answerFromFlags({
    session,
    answers: withSnapshot(options),
    confirm: options.confirm,
    yes: options.yes,
    onMissing: (question, option) => {
      if (declines && !attendants.anyone())
        void answerOrDecline(request, question, `Answer it beforehand: ${option}`);
    },
  });
  attendants.onAlone(() => {
    const { question } = session.view();
    if (declines && question !== undefined)
      void answerOrDecline(request, question, 'Go on with `thaw resume`.');
  });
  try {
    const end = context.attendants === undefined ? await byLines(request) : await session.ended;
    return interrupts.asked() === 'SIGINT' && end.kind !== 'finished'
      ? exitStatus.interrupted
      : statusOfEnd(end);
  } finally {
    unanswered();
    interrupts.stop();
  }
}

async function answerOrDecline(request: Attending, ...[question, remedy]: [Question, string]): Promise<void> {
  const answered = await (request.answerInstead?.(question, request.session) ?? false);
  if (!answered) request.session.decline(question.id, nobodyThere(question, remedy));
}

function nobodyThere(question: Question, remedy: string): Failure {
  return {
    code: 'answer-missing',
    message: `Nobody is there to answer: ${question.title}`,
    remedy,
    retry: 'after-fix',
  };
}

/** --snapshot is the answer to one question, under a name people know. */
function withSnapshot({ answers, snapshot }: WalkOptions): ReadonlyMap<string, string> {
  return snapshot === undefined ? answers : new Map(answers).set('choose-snapshot', snapshot);
}

/** Where no terminal began the run, its lines go to whatever standard output is. */
async function byLines({ session, options, context }: Attending): Promise<RunEnd> {
  const printing = printSession({
    session,
    write: (text) => context.stdout.write(text),
    format: options.json ? 'json' : 'plain',
    clock: systemClock,
  });
  const end = await session.ended;
  printing.stop();
  return end;
}

/** The first signal asks to stop, and the second insists. A terminal that is gone (SIGHUP) is no reason to. */
function watchInterrupts(session: RunningSession, attendants: Attendants) {
  let asked: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked !== undefined) process.exit(exitStatus.interrupted);
    asked = signal;
    attendants.signalled();
    session.stop();
  };
  const stayAlive = () => {};
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', stayAlive);
  return {
    /** SIGINT is Ctrl+C, as shells count it; being asked to end by SIGTERM is a stop like any other. */
    asked: () => asked,
    stop() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.off('SIGHUP', stayAlive);
    },
  };
}
