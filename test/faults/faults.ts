import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ThawRequest } from '../parts/thaw.ts';
import type { Begun, Fault } from './trial.ts';

/** What is broken. Each is done at one moment, while the process stands still. */

const kill: Fault['act'] = async ({ thaw }) => {
  thaw.kill('SIGKILL');
  await thaw.ended;
  return undefined;
};

export const killedBefore: Fault = { how: 'killed before', phase: 'before', act: kill };
export const killedAfter: Fault = { how: 'killed after', phase: 'after', act: kill };
export const cutBefore: Fault = {
  how: 'connections cut before',
  phase: 'before',
  act: async () => 'cut',
  isPossible: (_walk, effect) => !effect.startsWith('file '),
};
export const serverRestarted: Fault = {
  how: 'server restarted before',
  phase: 'before',
  act: async ({ scene }) => {
    await scene.restartServer();
    return undefined;
  },
};
export const killedAndServerRestarted: Fault = {
  how: 'server restarted, and thaw killed, before',
  phase: 'before',
  act: async (at) => {
    await kill(at);
    await at.scene.restartServer();
    return undefined;
  },
};

const frozen: Fault = {
  how: 'server frozen for 2.5 s',
  phase: 'before',
  act: async ({ scene }) => {
    await scene.freezeServer(2500);
    return undefined;
  },
};

const clockSetBack: Fault = {
  how: 'clock set back an hour',
  phase: 'before',
  act: async () => 'clock',
};

const waiting: Fault = {
  how: 'kept waiting for 2 s',
  phase: 'before',
  act: async () => {
    await sleep(2000);
    return undefined;
  },
};

const asked: Fault = {
  how: 'asked to stop',
  phase: 'before',
  act: async ({ thaw }) => {
    thaw.kill('SIGTERM');
    return undefined;
  },
};

const torn: Fault = {
  how: 'killed, its last line torn',
  phase: 'before',
  act: async (at) => {
    await kill(at);
    const journal = journalIn(at.begun);
    if (journal !== undefined) appendFileSync(journal, '{"seq":999,"at":"20');
    return undefined;
  },
};

const damaged: Fault = {
  how: 'killed, its journal damaged',
  phase: 'before',
  act: kill,
  isPossible: (walk) => !walk.endsWith('rollback'),
  obstacle: (begun) => {
    const journal = journalIn(begun);
    if (journal === undefined) return undefined;
    const was = readFileSync(journal);
    const text = was.toString();
    // A letter of the first whole line: what the run is about.
    writeFileSync(journal, text.replace('"kind":"run-started"', '"kind":"run-Started"'));
    return {
      resume: begun.resume,
      status: 6,
      refusal: /damaged|was changed/,
      mend: () => writeFileSync(journal, was),
    };
  },
};

const edited: Fault = {
  how: 'killed, and the runbook edited',
  phase: 'before',
  act: kill,
  isPossible: (walk) => !walk.endsWith('rollback'),
  obstacle: (begun) => {
    if (hasEnded(begun)) return undefined;
    const was = readFileSync(begun.runbook, 'utf8');
    writeFileSync(begun.runbook, `${was}# edited\n`);
    return {
      resume: begun.resume,
      status: 3,
      refusal: /Runbook \S+ has changed since run \S+ began/,
      mend: () => writeFileSync(begun.runbook, was),
    };
  },
};

const elsewhere: Fault = {
  how: 'killed, and gone on with on another host',
  phase: 'before',
  act: kill,
  isPossible: (walk) => !walk.endsWith('rollback'),
  obstacle: (begun) =>
    hasEnded(begun)
      ? undefined
      : {
          resume: onHost('elsewhere', begun.resume),
          status: 3,
          refusal: /began on host \S+; this is elsewhere/,
          mend: () => {},
        },
};

function onHost(name: string, request: ThawRequest): ThawRequest {
  return { ...request, through: ['unshare', '--uts', 'sh', '-c', `hostname ${name} && exec "$0" "$@"`] };
}

/** With an account of his own, which may not look into what is root's alone. */
const byOtherAccount: Fault = {
  how: 'killed, and gone on with by another account',
  phase: 'before',
  act: kill,
  isPossible: (walk) => !walk.endsWith('rollback') && nobodyMayStart(),
  obstacle: (begun) => ({
    resume: { ...begun.resume, through: asNobody },
    status: 1,
    refusal: /Cannot look into the log folder \S+: this user may not/,
    mend: () => {},
  }),
};

const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** Not where the tests run without root's rights, or where the program lies in a folder of root's alone. Asked of each fault that is drawn. */
function nobodyMayStart(): boolean {
  const [program = '', ...words] = asNobody;
  const launcher = join(import.meta.dirname, '../../bin/thaw.js');
  mayStart ??= spawnSync(program, [...words, process.execPath, '--check', launcher]).status === 0;
  return mayStart;
}
let mayStart: boolean | undefined;

/** Who knows the same account, from a home and an address of his own: the record names him. */
const byOtherPerson: Fault = {
  how: 'killed, and gone on with by another person',
  phase: 'before',
  act: kill,
  isPossible: (walk) => !walk.endsWith('rollback'),
  goesOn: ({ resume, logs }) => ({
    ...resume,
    env: { ...resume.env, HOME: dirname(logs), SSH_CONNECTION: '192.0.2.9 4711 192.0.2.1 22' },
  }),
  told: /Resumed.*by SSH from 192\.0\.2\.9/,
};

/** The disk of the logs, where big files are made as well, until somebody makes room. */
const diskFull: Fault = {
  how: 'disk full',
  phase: 'before',
  act: async ({ thaw, begun }) => {
    const filler = join(begun.logs, '..', 'filler');
    fill(filler);
    void thaw.ended.then(() => rmSync(filler, { force: true }));
    return undefined;
  },
};

const overtaken: Fault = {
  how: 'another operator restores meanwhile',
  phase: 'before',
  act: async ({ scene }) => ((await scene.overtake?.()) === 'done' ? 'overtaken' : undefined),
  isPossible: (walk) => !walk.startsWith('com'),
};

/** As a bad disk does it: in the middle of the biggest file that is being worked with. */
const corrupted: Fault = {
  how: 'a bit of a work file turned over',
  phase: 'before',
  act: async ({ begun }) => {
    const [path] = readdirSync(begun.logs, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.split('/')[1] === 'work')
      .map((name) => join(begun.logs, name))
      .filter((name) => statSync(name).isFile())
      .toSorted((one, other) => statSync(other).size - statSync(one).size);
    if (path === undefined) return undefined;
    const content = readFileSync(path);
    const middle = Math.floor(content.length / 2);
    content[middle] = (content[middle] ?? 0) ^ 1;
    writeFileSync(path, content);
    return undefined;
  },
};

function fill(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (const size of [1 << 20, 1 << 12, 1]) {
      const block = Buffer.alloc(size);
      try {
        for (;;) writeSync(file, block);
      } catch {
        // Full, for a block of that size.
      }
    }
  } finally {
    closeSync(file);
  }
}

function journalIn({ logs }: Begun): string | undefined {
  const runId = readdirSync(logs)
    .filter((name) => /^\d{4}-/.test(name))
    .at(-1);
  if (runId === undefined) return undefined;
  const journal = join(logs, runId, 'journal.jsonl');
  try {
    return readFileSync(journal, 'utf8').includes('\n') ? journal : undefined;
  } catch {
    return undefined;
  }
}

/** What lacks nothing but its record gets it, whatever became of the runbook. */
function hasEnded(begun: Begun): boolean {
  const journal = journalIn(begun);
  return journal !== undefined && readFileSync(journal, 'utf8').includes('"kind":"run-finished"');
}

/** Whatever the test knows to break. */
export const allFaults: readonly Fault[] = [
  ...[killedBefore, killedAfter, cutBefore, serverRestarted, killedAndServerRestarted],
  ...[frozen, waiting, clockSetBack, asked, torn, damaged, edited, elsewhere, byOtherAccount, byOtherPerson],
  ...[diskFull, overtaken, corrupted],
];
