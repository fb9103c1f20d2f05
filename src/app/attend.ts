import type { Failure } from '../base/failure.ts';
import type { RunEnd } from '../engine/run-end.ts';
import { answerFromFlags } from '../plain/answer-from-flags.ts';
import { askOnTerminal } from '../plain/ask-on-terminal.ts';
import { systemClock } from '../plain/clock.ts';
import { printSession } from '../plain/print-session.ts';
import { createPromptedOutput } from '../plain/prompted-output.ts';
import type { Question } from '../ports/operator.ts';
import type { RunningSession } from '../session/session.ts';
import { exitStatus, statusOfEnd } from './exit-status.ts';
import type { WalkOptions } from './options.ts';
import {
  type Attendance,
  chooseAttendance,
  screenOptions,
  screenStreams,
  type TerminalContext,
} from './terminal.ts';

/** Answers a question where nobody is there, and says whether it did. */
export type AnswerInstead = (question: Question, session: RunningSession) => Promise<boolean>;

/**
 * Stays with a run until it ends, and returns the exit status. The run does not depend on it: a terminal that goes away
 * leaves the step in hand running, and the run stops, resumable, at the next question nobody can answer.
 */
export async function attend(request: {
  readonly session: RunningSession;
  readonly options: WalkOptions;
  readonly context: TerminalContext;
  /** The rehearsal answers for itself where nobody is there. */
  readonly answerInstead?: AnswerInstead;
}): Promise<number> {
  const { session, options, context } = request;
  const attendance = chooseAttendance(options, context);
  const interrupts = watchInterrupts(session, attendance);
  const unanswered = answerFromFlags({
    session,
    answers: withSnapshot(options),
    confirm: options.confirm,
    yes: options.yes,
    onMissing: (question, option) => {
      if (attendance === 'unattended') void answerOrDecline(request, question, option);
    },
  });
  try {
    const end =
      attendance === 'screen'
        ? await onScreen(request, interrupts.signalled)
        : await byLines(request, attendance);
    return interrupts.interrupted() && end.kind !== 'finished' ? exitStatus.interrupted : statusOfEnd(end);
  } finally {
    unanswered();
    interrupts.stop();
  }
}

type Attending = Parameters<typeof attend>[0];

async function answerOrDecline(request: Attending, ...[question, option]: [Question, string]): Promise<void> {
  const answered = await (request.answerInstead?.(question, request.session) ?? false);
  if (!answered) request.session.decline(question.id, nobodyThere(question, option));
}

function nobodyThere(question: Question, option: string): Failure {
  return {
    code: 'answer-missing',
    message: `Nobody is there to answer: ${question.title}`,
    remedy: `Answer it beforehand: ${option}`,
    retry: 'after-fix',
  };
}

/** --snapshot is the answer to one question, under a name people know. */
function withSnapshot({ answers, snapshot }: WalkOptions): ReadonlyMap<string, string> {
  return snapshot === undefined ? answers : new Map(answers).set('choose-snapshot', snapshot);
}

async function onScreen(request: Attending, ...[signalled]: [Promise<void>]): Promise<RunEnd> {
  const { session, options, context } = request;
  // Loaded only where there is a screen: React and Ink cost a quarter of a second that lines need not pay.
  const { openScreen } = await import('../ui/open-screen.tsx');
  const { printSummary } = await import('../ui/print-summary.ts');
  await context.splash?.lift();
  const { outcome } = await openScreen({
    session,
    streams: screenStreams(context),
    options: screenOptions(options, context),
    // Whoever sent a signal sits at another terminal: nobody here need press a key to let go of the run.
    until: signalled.then(() => session.ended),
  });
  // Nobody sees the questions any more: the next one stops the run, resumable.
  const stopDeclining = outcome === 'left' ? declineEach(session) : () => {};
  const end = await session.ended;
  stopDeclining();
  printSummary(session.view(), (text) => context.stdout.write(text));
  return end;
}

function declineEach(session: RunningSession): () => void {
  const decline = () => {
    const { question } = session.view();
    if (question !== undefined)
      session.decline(question.id, nobodyThere(question, 'go on with `thaw resume`.'));
  };
  decline();
  return session.subscribe(decline);
}

async function byLines(request: Attending, attendance: Attendance): Promise<RunEnd> {
  const { session, options, context } = request;
  const asks = attendance === 'lines-with-person';
  const output = createPromptedOutput(context.stdout, () => session.view().question !== undefined);
  const printing = printSession({
    session,
    write: output.write,
    format: options.json ? 'json' : 'plain',
    clock: systemClock,
    heldWhileAsked: asks,
  });
  let stopDeclining = () => {};
  let gone = false;
  // The person is gone, and with them the answers: the next question stops the run, resumable.
  const onGone = () => {
    if (!gone) stopDeclining = declineEach(session);
    gone = true;
  };
  if (asks) context.stdout.on('error', onGone);
  const stopAsking = asks ? askOnTerminal({ session, input: context.stdin, output, onGone }) : () => {};
  const end = await session.ended;
  stopDeclining();
  stopAsking();
  printing.stop();
  return end;
}

/** The screen reads Ctrl+C as a key; elsewhere, and for other signals, the first asks to stop and the second insists. */
function watchInterrupts(session: RunningSession, attendance: Attendance) {
  let asked: NodeJS.Signals | undefined;
  const signalled = Promise.withResolvers<void>();
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked !== undefined) process.exit(exitStatus.interrupted);
    asked = signal;
    signalled.resolve();
    session.stop();
  };
  const stayAlive = () => {};
  const ownInterrupts =
    attendance === 'unattended' ? (['SIGINT', 'SIGTERM'] as const) : (['SIGTERM'] as const);
  for (const signal of ownInterrupts) process.on(signal, onSignal);
  process.on('SIGHUP', stayAlive);
  return {
    signalled: signalled.promise,
    /** By Ctrl+C, as shells count it; being asked to end by SIGTERM is a stop like any other. */
    interrupted: () => asked === 'SIGINT',
    stop() {
      for (const signal of ownInterrupts) process.off(signal, onSignal);
      process.off('SIGHUP', stayAlive);
    },
  };
}
