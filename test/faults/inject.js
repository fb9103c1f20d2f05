// Given to thaw's process with --import. Every effect of it is told here, just before and just after: each SQL statement, each program, each
// request to a store (by the program's own trace), each rename, link, removal and fsync (by Node's own functions, which are called all the
// same). At the one that FOLDER/plan names the process stands still until FOLDER/answer is there.
import { subscribe } from 'node:diagnostics_channel';
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';

const folder = process.env.THAW_TEST_EFFECTS;
const own = { appendFileSync: fs.appendFileSync, existsSync: fs.existsSync, readFileSync: fs.readFileSync };
const plan = own.existsSync(join(folder, 'plan'))
  ? JSON.parse(own.readFileSync(join(folder, 'plan'), 'utf8'))
  : {};
const seen = { before: new Map(), after: new Map() };
let total = 0;
const sockets = new Set();

function tell(phase, name) {
  if (phase === 'before') total += 1;
  const nth = (seen[phase].get(name) ?? 0) + 1;
  seen[phase].set(name, nth);
  own.appendFileSync(join(folder, 'effects'), `${phase} ${name}\n`);
  const isIt = plan.number === undefined ? plan.name === name && plan.nth === nth : plan.number === total;
  if (isIt && plan.phase === phase) standStill();
}

function standStill() {
  plan.phase = 'done';
  fs.writeFileSync(join(folder, 'asks'), String(process.pid));
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (!own.existsSync(join(folder, 'answer'))) Atomics.wait(clock, 0, 0, 3);
  const answer = own.readFileSync(join(folder, 'answer'), 'utf8');
  if (answer === 'cut') for (const socket of sockets) socket.destroy();
  if (answer === 'clock') setClockBack();
}

/** The clock of the host, as far as this process can see it; the steady one goes on. */
function setClockBack() {
  const RealDate = Date;
  const now = () => RealDate.now() - 3_600_000;
  globalThis.Date = class extends RealDate {
    constructor(...given) {
      super(...(given.length === 0 ? [now()] : given));
    }
    static now() {
      return now();
    }
  };
}

subscribe('net.client.socket', ({ socket }) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});
subscribe('thaw.begins', (asked) => tell('before', nameOf(asked)));
subscribe('thaw.asked', (asked) => tell('after', nameOf(asked)));

/** What stands before the verb of Docker Compose, with what belongs to it. */
const rootOptions = / --(file|ansi|progress|project-name|env-file|profile) \S+/g;

function nameOf({ kind, text }) {
  if (kind === 'sql') return `sql ${statementName(text.replace(/^.*?: /s, ''))}`;
  if (kind === 'store') return `store ${text.split(' ')[0]}`;
  const [program = '', ...words] = text.replaceAll(rootOptions, '').split(' ');
  const verbs = words.filter((word) => /^(--)?[a-z][a-z-]+$/.test(word));
  return ['program', basename(program), ...verbs.slice(0, verbs[0] === 'compose' ? 2 : 1)].join(' ');
}

function statementName(sql) {
  const words = sql.replaceAll(/\s+/g, ' ').trim();
  const select = /^(?:SELECT|WITH)\b/i.test(words);
  if (select) {
    const [, table] = /\bFROM (?:pg_catalog\.)?"?(\w+)/i.exec(words) ?? [];
    const [, called] = /\b(?:pg_catalog\.)?(\w+)\(/.exec(words) ?? [];
    return `SELECT ${table ?? called ?? ''}`.trim();
  }
  const [verb] = /^(?:[A-Z]+ ?)+/.exec(words) ?? [words.split(' ')[0]];
  const part = / (RENAME TO|ALLOW_CONNECTIONS|OWNER TO|WITH \(FORCE\))/.exec(words)?.[1];
  return [verb.trim(), ...(part === undefined ? [] : [part])].join(' ');
}

/** journal.jsonl, record.md, a lock, a work file: what it is for, whatever the run is called. */
function fileName(path) {
  const name = basename(String(path));
  if (/^(run|target)-/.test(name)) return `lock${/\.draft-/.test(name) ? ' draft' : ''}`;
  return name
    .replace(/\d{4}-\d{2}-\d{2}T\d+Z?[\w-]*/g, 'RUN')
    .replace(/\.[0-9a-f]{8}$/, '.unfinished')
    .replace(/\d{4}-\d{2}-\d{2}[T\d.:-]*/g, 'DATE')
    .replace(/[0-9a-f]{8,}/g, 'HEX')
    .replace(/^(logs|work|home)(-\d+)?$/, '$1 folder');
}

for (const [op, which] of [
  ['rename', 1],
  ['link', 1],
  ['unlink', 0],
  ['rm', 0],
]) {
  const real = promises[op].bind(promises);
  promises[op] = async (...given) => {
    const name = `file ${op} ${fileName(given[which])}`;
    tell('before', name);
    const result = await real(...given);
    tell('after', name);
    return result;
  };
}

const handle = await promises.open(join(folder, 'effects'), 'a');
const prototype = Object.getPrototypeOf(handle);
await handle.close();
const sync = prototype.sync;
prototype.sync = async function (...given) {
  const name = `file fsync ${fileName(pathOf(this.fd))}`;
  tell('before', name);
  const result = await sync.apply(this, given);
  tell('after', name);
  return result;
};
const fsync = fs.fsync;
fs.fsync = (fd, done) => {
  const name = `file fsync ${fileName(pathOf(fd))}`;
  tell('before', name);
  fsync(fd, (error) => {
    if (error === null) tell('after', name);
    done(error);
  });
};
syncBuiltinESMExports();

function pathOf(fd) {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return 'closed';
  }
}
