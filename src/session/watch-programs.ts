import type { JournalWriter } from '../engine/journal-writer.ts';
import type { StepHandlers } from '../kinds/handlers.ts';
import type { Step } from '../kinds/kind.ts';
import { type StepHandler, stepId } from '../kinds/kind.ts';
import type { ProgramObserver, World } from '../ports/world.ts';

/** A step that copies objects one program each, or asks for a state every second, shall not drown the journal. */
const mostPrograms = 40;
const longestCommand = 600;

/** The handlers, with each program that a step runs noted in the journal: its command, exit status and time. */
export function watchPrograms(parts: {
  readonly handlers: StepHandlers;
  readonly world: World;
  readonly journal: JournalWriter;
}): StepHandlers {
  const { handlers, world, journal } = parts;
  const { within } = world;
  if (within === undefined) return handlers;
  const observers = new Map<string, ProgramObserver>();
  const watch = <T>(step: Step, work: () => Promise<T>): Promise<T> => {
    const id = stepId(step);
    const observer = observers.get(id) ?? observe(id, journal);
    observers.set(id, observer);
    return within(observer, work);
  };
  const watched = Object.entries(handlers).map(([kind, handler]) => {
    const { cleanUp, lookAgain, stillHolds } = handler;
    const one: StepHandler = {
      ...handler,
      run: (step, context) => watch(step, () => handler.run(step, context)),
      verify: (step, context) => watch(step, () => handler.verify(step, context)),
      ...(cleanUp === undefined
        ? {}
        : { cleanUp: (step, context) => watch(step, () => cleanUp(step, context)) }),
      ...(lookAgain === undefined
        ? {}
        : { lookAgain: (step, context) => watch(step, () => lookAgain(step, context)) }),
      ...(stillHolds === undefined
        ? {}
        : { stillHolds: (step, context) => watch(step, () => stillHolds(step, context)) }),
    };
    return [kind, one];
  });
  return Object.fromEntries(watched);
}

function observe(id: string, journal: JournalWriter): ProgramObserver {
  let before = '';
  let noted = 0;
  return async ({ command, ...ended }) => {
    const same = `${command} ${ended.exitCode ?? ended.because}`;
    // Asked again and answered alike: a state that is polled. What fails is always noted.
    if (same === before || (noted >= mostPrograms && ended.exitCode === 0)) return;
    before = same;
    noted += 1;
    const short = command.length > longestCommand ? `${command.slice(0, longestCommand)} …` : command;
    await journal.append({ kind: 'program-ended', stepId: id, command: short, ...ended });
  };
}
