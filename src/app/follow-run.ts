import type { Link } from '../adapters/attach/link.ts';
import { shellWord } from '../base/quoting.ts';
import { askOnTerminal } from '../plain/ask-on-terminal.ts';
import { systemClock } from '../plain/clock.ts';
import { printSession } from '../plain/print-session.ts';
import { createPromptedOutput } from '../plain/prompted-output.ts';
import { createRemoteSession, type RemoteSession } from '../session/shared-view.ts';
import { aloneWords } from '../session/words.ts';
import { askForInputs } from './ask-for-inputs.ts';
import type { Saying } from './attendants.ts';
import { type CommandContext, printLine, tellTrouble } from './command-context.ts';
import { exitStatus } from './exit-status.ts';
import { thawVersion } from './installed.ts';
import { defaultLogFolder, type Options } from './options.ts';
import { chooseAttendance, screenOptions, screenStreams, type TerminalOptions } from './terminal.ts';

export type FollowRequest = {
  readonly link: Link;
  /** The process of the run. */
  readonly pid: number;
  readonly options: TerminalOptions & Options<'logFolder'>;
  readonly context: CommandContext;
  /** How long that process may take to say its first word: it only has to be there, or has to be loaded as well. */
  readonly greetsWithinMs: number;
};

/** How it came to an end: the status of the run's own process; or that process is gone, says nothing, or is of another version. */
type Ending =
  | { readonly kind: 'exit'; readonly status: number; readonly bySignal: boolean }
  | { readonly kind: 'gone' | 'silent' }
  | { readonly kind: 'other-version'; readonly version: string };

/** What is heard from the process of a run. */
type Hearing = {
  /** Never, where the process ends before there is a run to see. */
  readonly seen: Promise<RemoteSession>;
  readonly over: Promise<Ending>;
  ending(): Ending | undefined;
  /** Nothing is printed while a picture is drawn; what was said meanwhile comes when it is released. */
  hold(): void;
  release(): void;
};

/**
 * One terminal at a run that is a process of its own, until the run is over or the operator leaves. Losing the terminal is the same as
 * leaving it: the run goes on.
 *
 * @returns the exit status of the run, or that of having left.
 */
export async function followRun(request: FollowRequest): Promise<number> {
  const { context, pid } = request;
  const hearing = hear(request);
  const leaving = watchSignals();
  try {
    const first = await Promise.race([hearing.seen, hearing.over, leaving.asked]);
    await context.splash?.lift();
    hearing.release();
    if (first === 'leave') return exitStatus.left;
    if ('view' in first) {
      const shown = await show(first, { request, hearing, leave: leaving.asked });
      hearing.release();
      if (shown === 'left') {
        for (const line of leftWords(first, request)) printLine(context, line);
        return exitStatus.left;
      }
    }
    const ending = await hearing.over;
    if (ending.kind === 'exit') return ending.status;
    tellTrouble(context, troubleOf(ending, pid));
    return ending.kind === 'gone' ? exitStatus.stopped : exitStatus.blocked;
  } finally {
    leaving.stop();
    request.link.end();
  }
}

function hear(request: FollowRequest): Hearing {
  const { link, context, options } = request;
  const seen = Promise.withResolvers<RemoteSession>();
  const over = Promise.withResolvers<Ending>();
  let ending: Ending | undefined;
  let remote: RemoteSession | undefined;
  // Until the splash is lifted the terminal is not ours to print on.
  let held: (() => void)[] | undefined = [];
  const speak = (words: () => void) => (held === undefined ? words() : held.push(words));
  function end(how: Ending) {
    ending ??= how;
    over.resolve(ending);
  }
  const silence = setTimeout(() => end({ kind: 'silent' }), request.greetsWithinMs);
  link.listen((message) => {
    clearTimeout(silence);
    // The other end is this very program, of this very version, run by this very user.
    const said = message as Saying;
    switch (said.kind) {
      case 'hello':
        if (said.version !== thawVersion) end({ kind: 'other-version', version: said.version });
        return;
      case 'print':
        return void speak(() => context.stdout.write(said.text));
      case 'trouble':
        return void speak(() => context.stderr.write(said.text));
      case 'ask-inputs':
        return void askForInputs(said.inputs, { options, context }).then((values) =>
          link.send({ kind: 'inputs', ...(values === undefined ? {} : { values: [...values] }) }),
        );
      case 'view':
        remote?.update(said);
        remote ??= createRemoteSession({ first: said, say: link.send });
        return seen.resolve(remote);
      case 'exit':
        return end(said);
    }
  });
  void link.closed.then(() => {
    clearTimeout(silence);
    end({ kind: 'gone' });
  });
  return {
    seen: seen.promise,
    over: over.promise,
    ending: () => ending,
    hold() {
      held ??= [];
    },
    release() {
      const waiting = held ?? [];
      held = undefined;
      for (const words of waiting) words();
    },
  };
}

type Showing = {
  readonly request: FollowRequest;
  readonly hearing: Hearing;
  readonly leave: Promise<unknown>;
};

/** Until the run is over, its process is gone, or the operator or the terminal has left it. */
async function show(session: RemoteSession, showing: Showing): Promise<'left' | 'over'> {
  const { request, hearing } = showing;
  if (chooseAttendance(request.options, request.context) === 'screen') await onScreen(session, showing);
  else await byLines(session, showing);
  return hearing.ending() !== undefined || isOver(session) ? 'over' : 'left';
}

function isOver(session: RemoteSession): boolean {
  const { phase } = session.view();
  return phase === 'finished' || phase === 'stopped';
}

async function onScreen(session: RemoteSession, { request, hearing, leave }: Showing): Promise<void> {
  const { options, context } = request;
  // Loaded only where there is a screen: React and Ink cost a quarter of a second that lines need not pay.
  const { openScreen } = await import('../ui/open-screen.tsx');
  const { printSummary } = await import('../ui/print-summary.ts');
  // The end of a run is read, and left by a key; but whoever stopped it from another terminal waits for no key here.
  const closes = hearing.over.then((ending) =>
    ending.kind === 'exit' && !ending.bySignal && isOver(session) ? new Promise(() => {}) : undefined,
  );
  hearing.hold();
  await openScreen({
    session,
    streams: screenStreams(context),
    options: screenOptions(options, context),
    until: Promise.race([leave, closes]),
  });
  if (isOver(session)) printSummary(session.view(), (text) => context.stdout.write(text));
}

async function byLines(session: RemoteSession, { request, hearing, leave }: Showing): Promise<void> {
  const { stdout, stdin } = request.context;
  const output = createPromptedOutput(stdout, () => session.view().question !== undefined);
  const printing = printSession({
    session,
    write: output.write,
    format: 'plain',
    clock: systemClock,
    heldWhileAsked: true,
  });
  const gone = Promise.withResolvers<void>();
  const onGone = () => gone.resolve();
  stdout.on('error', onGone);
  const stopAsking = askOnTerminal({ session, input: stdin, output, onGone });
  await Promise.race([printing.ended, hearing.over, leave, gone.promise]);
  stopAsking();
  printing.stop();
  // What comes next does not stand behind the prompt.
  if (session.view().question !== undefined) stdout.write('\n');
  stdout.off('error', onGone);
}

/** Whoever ends this process ends the picture; the run is another process. */
function watchSignals() {
  const asked = Promise.withResolvers<'leave'>();
  const onSignal = () => asked.resolve('leave');
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  return {
    asked: asked.promise,
    stop() {
      process.off('SIGTERM', onSignal);
      process.off('SIGHUP', onSignal);
    },
  };
}

/** In the shell that comes back. */
function leftWords(session: RemoteSession, { pid, options }: FollowRequest): readonly string[] {
  const view = session.view();
  const log = options.logFolder === defaultLogFolder ? '' : ` --log-dir ${shellWord(options.logFolder)}`;
  return [
    `The run ${aloneWords(view, ` (process ${pid})`)}`,
    `Come back: thaw resume ${view.runId}${log}`,
    `Stop it:   thaw stop ${view.runId}${log}`,
  ];
}

function troubleOf(
  ending: Exclude<Ending, { kind: 'exit' }>,
  pid: number,
): { readonly message: string; readonly remedy: string } {
  switch (ending.kind) {
    case 'gone':
      return {
        message: `Process ${pid}, which worked on this run, has ended without a word.`,
        remedy: 'Everything up to there is in the journal: go on with `thaw resume`.',
      };
    case 'silent':
      return {
        message: `Process ${pid} works on this run and does not answer.`,
        remedy: `See what holds it: ps -o pid,stat,wchan,args ${pid}. Where its state is T it was stopped: kill -CONT ${pid}. Killing it loses nothing: kill -9 ${pid}, then \`thaw resume\`.`,
      };
    case 'other-version':
      return {
        message: `Process ${pid} works on this run with thaw ${ending.version}; this is thaw ${thawVersion}.`,
        remedy: 'Come to it with that version, or stop the run with `thaw stop` and go on with this one.',
      };
  }
}
