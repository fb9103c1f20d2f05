import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Link } from '../adapters/attach/link.ts';
import { readInputs, readWord } from '../adapters/attach/messages.ts';
import { openRunSocket } from '../adapters/attach/run-socket.ts';
import type { Failure } from '../base/failure.ts';
import type { InputRequest } from '../session/missing-input.ts';
import type { RunningSession } from '../session/session.ts';
import { createViewTeller } from '../session/shared-view.ts';
import { thawVersion } from './installed.ts';

/** What the process of a run says to a terminal. Text is printed, trouble goes to standard error. */
export type Saying =
  | { readonly kind: 'hello'; readonly version: string }
  | { readonly kind: 'print' | 'trouble'; readonly text: string }
  | { readonly kind: 'ask-inputs'; readonly inputs: InputRequest }
  | ({ readonly kind: 'view' } & ReturnType<ReturnType<typeof createViewTeller>>)
  | { readonly kind: 'exit'; readonly status: number; readonly bySignal: boolean };

/** What becomes of a question while no terminal is attached. */
export type WhenAlone = 'waits' | 'stops';

/** The terminals that are attached to the run of this process. */
export type Attendants = {
  readonly whenAlone: WhenAlone;
  anyone(): boolean;
  /** Called each time when the last one has gone. */
  onAlone(listener: () => void): void;
  print(text: string): void;
  trouble(text: string): void;
  /** Asks the terminal at which the run was begun, and no other: secrets are typed there. */
  askInputs(inputs: InputRequest): Promise<ReadonlyMap<string, string> | undefined>;
  /** From now on others may come. Why they cannot, where that is so. */
  openDoor(at: { readonly path: string; readonly folder: string }): Promise<Failure | undefined>;
  /** Call it before the run's lock is given back: whoever holds it next opens a door of its own. */
  closeDoor(): Promise<void>;
  serve(session: RunningSession): void;
  isServing(): boolean;
  /** Somebody at another terminal asked the process to stop: nobody has to press a key to let go of the run. */
  signalled(): void;
  end(status: number): void;
};

type Attendant = {
  readonly link: Link;
  say(saying: Saying): void;
  /** Tells the view as it is now, or as soon as there is room. */
  look(): void;
  /** Tells what it had no room for until then. */
  last(): void;
};

/** @param first the terminal at which the run was begun; a run that a schedule begins has none. */
export function createAttendants({
  first,
  whenAlone,
}: {
  readonly first?: Link;
  readonly whenAlone: WhenAlone;
}): Attendants {
  const present = new Set<Attendant>();
  const alone: (() => void)[] = [];
  let session: RunningSession | undefined;
  let folder: string | undefined;
  let closeDoor = async () => {};
  let bySignal = false;

  function add(link: Link) {
    const attendant = attend(link, () => session);
    present.add(attendant);
    attendant.say({ kind: 'hello', version: thawVersion });
    attendant.look();
    void link.closed.then(() => {
      present.delete(attendant);
      if (present.size === 0) for (const listener of alone) listener();
    });
  }

  function toAll(act: (attendant: Attendant) => void) {
    for (const attendant of present) act(attendant);
  }

  if (first !== undefined) add(first);
  return {
    whenAlone,
    anyone: () => present.size > 0,
    onAlone: (listener) => void alone.push(listener),
    print: (text) => toAll(({ say }) => say({ kind: 'print', text })),
    trouble(text) {
      toAll(({ say }) => say({ kind: 'trouble', text }));
      if (present.size === 0 && folder !== undefined) keepUnseen(folder, text);
    },
    askInputs: (inputs) => (first === undefined ? Promise.resolve(undefined) : askThere(first, inputs)),
    async openDoor(at) {
      folder = at.folder;
      const door = await openRunSocket(at.path, add);
      if (!door.ok) return door.failure;
      closeDoor = door.value.close;
      return undefined;
    },
    closeDoor: () => closeDoor(),
    isServing: () => session !== undefined,
    serve(running) {
      session = running;
      const lookAll = () => toAll(({ look }) => look());
      running.subscribe(lookAll);
      lookAll();
    },
    signalled() {
      bySignal = true;
    },
    end(status) {
      toAll(({ say, last, link }) => {
        last();
        say({ kind: 'exit', status, bySignal });
        link.end();
      });
    },
  };
}

/** One terminal: hears what is said to it, and is told each view, or, where it reads slowly, the newest one. */
function attend(link: Link, session: () => RunningSession | undefined): Attendant {
  const tellView = createViewTeller();
  let heard = 0;
  let waiting = false;
  const say = (saying: Saying) => link.send(saying);
  function look() {
    const running = session();
    if (running === undefined || waiting) return;
    if (!link.isClogged()) return say({ kind: 'view', ...tellView(running.view(), heard) });
    waiting = true;
    link.onRoom(() => {
      waiting = false;
      look();
    });
  }
  link.listen((message) => {
    const word = readWord(message);
    const running = session();
    if (word === undefined || running === undefined) return;
    heard = word.seq;
    if (word.kind === 'stop') running.stop();
    else if (word.kind === 'note') running.note(word.text);
    else {
      const { questionId, value, note } = word;
      running.answer(questionId, { value, by: 'operator', ...(note === undefined ? {} : { note }) });
    }
    // Also where nothing came of it: it waits to hear that it was heard.
    look();
  });
  return {
    link,
    say,
    look,
    last() {
      const running = session();
      if (running !== undefined && waiting) say({ kind: 'view', ...tellView(running.view(), heard) });
    },
  };
}

/** Gone before an answer: no answer. */
async function askThere(link: Link, inputs: InputRequest): Promise<ReadonlyMap<string, string> | undefined> {
  const answered = Promise.withResolvers<ReadonlyMap<string, string> | undefined>();
  link.listen((message) => {
    const said = readInputs(message);
    if (said !== undefined) answered.resolve(said.values === undefined ? undefined : new Map(said.values));
  });
  link.send({ kind: 'ask-inputs', inputs });
  return Promise.race([answered.promise, link.closed.then(() => undefined)]);
}

/** What went wrong while nobody was there to read it. */
function keepUnseen(folder: string, text: string): void {
  try {
    appendFileSync(join(folder, 'unseen.log'), text, { mode: 0o600 });
  } catch {
    // The journal has the facts; this is a word more.
  }
}
