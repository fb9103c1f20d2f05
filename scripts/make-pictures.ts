import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import headless from '@xterm/headless';
import { destroySandbox } from '../src/sandbox/destroy-sandbox.ts';
import { sandboxPrefix } from '../src/sandbox/sandbox-layout.ts';
import {
  attest,
  begin,
  chooseAfterFailure,
  chooseNewest,
  leaveEnd,
  swap,
  waitForEnd,
  waitForKeys,
  waitForSwap,
} from '../test/scenarios/terminal/press-keys.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../test/terminal/pseudo-terminal.ts';
import { recordFrames } from './record-frames.ts';
import { light, renderSvg } from './render-svg.ts';

/**
 * Draws the pictures of the documentation from what the real program writes to a terminal of 80 by 24, while a rehearsal is
 * walked by keys: node scripts/make-pictures.ts, after npm run build.
 */
const columns = 80;
const rows = 24;
const root = fileURLToPath(new URL('../', import.meta.url));
const pictures = join(root, 'docs/pictures');

type Moment = {
  readonly name: string;
  readonly title: string;
  readonly shows: (text: string) => boolean;
  /** Which of the pictures that fit; the last one, where everything has settled, when left out. */
  readonly take?: 'middle';
};

const moments: readonly Moment[] = [
  {
    name: 'snapshot',
    title: 'Choosing a snapshot: age, size, marks, and the loss in words',
    shows: (text) => text.includes('Choose a snapshot') && text.includes('enter choose'),
  },
  {
    name: 'walk',
    title: 'The walk: restoring the database while the objects are mirrored',
    shows: (text) => text.includes('also 6 Mirror') && text.includes('pg_restore:') && isHalfRestored(text),
    take: 'middle',
  },
  {
    name: 'danger',
    title: 'Before anything is replaced its exact name is typed',
    shows: (text) => text.includes('Swap the restored database') && text.includes('the name matches'),
  },
  {
    name: 'failure',
    title: 'A failure: what, where, and what to do',
    shows: (text) => text.includes('✗ Verify secrets failed.') && text.includes('enter choose'),
  },
  {
    name: 'summary',
    title: 'The end: verified, with a record',
    shows: (text) => text.includes('The walk is over') && text.includes('any key leaves'),
  },
];

function isHalfRestored(text: string): boolean {
  const [, done, all] = /restored +[█░]+ +(\d+) of (\d+)/.exec(text) ?? [];
  return Number(done) > 0 && Number(done) < Number(all);
}

async function walk(thaw: PseudoTerminal, temporary: string): Promise<void> {
  await begin(thaw);
  await chooseNewest(thaw);
  await waitForSwap(thaw);
  // Something has to go wrong in one of the pictures.
  const envFile = join(await findSandbox(temporary), '.env');
  await rename(envFile, `${envFile}.away`);
  await swap(thaw);
  await thaw.waitFor('Verify secrets failed.', 20_000);
  await waitForKeys(thaw, 'enter choose');
  await rename(`${envFile}.away`, envFile);
  await chooseAfterFailure(thaw, 'retry');
  await attest(thaw, 'the health page counts its clients');
  await waitForEnd(thaw);
  const status = await leaveEnd(thaw);
  if (status !== 0) throw new Error(`The rehearsal ended with ${status}.`);
}

async function findSandbox(temporary: string): Promise<string> {
  const name = (await readdir(temporary)).find((one) => one.startsWith(sandboxPrefix));
  if (name === undefined) throw new Error('The rehearsal has no sandbox.');
  return join(temporary, name);
}

/** Plays the bytes again, picture by picture, and draws each moment as it stood. */
async function renderMoments(bytes: string): Promise<ReadonlyMap<string, string>> {
  const terminal = new headless.Terminal({ cols: columns, rows, scrollback: 0, allowProposedApi: true });
  const fitting = new Map<string, string[]>(moments.map((moment) => [moment.name, []]));
  const onLight = new Map<string, string>();
  const recording = recordFrames();
  for (const part of bytes.split('\x1b[?2026l')) {
    await new Promise<void>((resolve) => terminal.write(part, resolve));
    const { active } = terminal.buffer;
    const text = Array.from({ length: rows }, (_, row) =>
      active.getLine(active.baseY + row)?.translateToString(true),
    ).join('\n');
    recording.take(terminal);
    for (const { name, title, shows } of moments) {
      if (!shows(text)) continue;
      fitting.get(name)?.push(renderSvg(terminal, title));
      if (lightToo.includes(name)) onLight.set(`${name}-light`, renderSvg(terminal, title, light));
    }
  }
  const drawn = new Map<string, string>();
  for (const { name, take } of moments) {
    const all = fitting.get(name) ?? [];
    const svg = take === 'middle' ? all[Math.floor(all.length / 2)] : all.at(-1);
    if (svg !== undefined) drawn.set(name, svg);
  }
  for (const [name, svg] of onLight) drawn.set(name, svg);
  return drawn.set('rehearsal', recording.draw(terminal, 'The rehearsal, from the disaster to the record'));
}

/** The same moment on a light background: what can be read on one must be readable on the other. */
const lightToo: readonly string[] = ['danger', 'failure'];

/** The first page of a folder where a rehearsal has been, and one of its runbooks opened. */
async function renderHome(folder: string): Promise<ReadonlyMap<string, string>> {
  const thaw = openPseudoTerminal({
    file: process.execPath,
    args: [join(root, 'bin/thaw.js')],
    cwd: folder,
    columns,
    rows,
  });
  const terminal = new headless.Terminal({ cols: columns, rows, scrollback: 0, allowProposedApi: true });
  try {
    await thaw.waitFor('VERIFIED', 10_000);
    await thaw.waitFor((lines) => !(lines[0] ?? '').includes('looking'), 20_000);
    const list = thaw.bytes().length;
    thaw.write('/');
    await thaw.waitFor('Only rows with:');
    thaw.write('nimara');
    await thaw.waitFor('nimara█');
    thaw.write('\r');
    await thaw.waitFor('enter open');
    thaw.write('\r');
    await thaw.waitFor('enter restore production');
    await new Promise<void>((resolve) => terminal.write(thaw.bytes().slice(0, list), resolve));
    const home = renderSvg(terminal, 'The first page: what can be begun, and what was');
    await new Promise<void>((resolve) => terminal.write(thaw.bytes().slice(list), resolve));
    const modes = renderSvg(terminal, 'Choosing a mode: what each may touch');
    return new Map([
      ['home', home],
      ['modes', modes],
    ]);
  } finally {
    await endProgram(thaw);
  }
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-'));
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  // PostgreSQL runs as a user of its own and has to pass through.
  for (const path of [folder, temporary]) await chmod(path, 0o711);
  const thaw = openPseudoTerminal({
    file: process.execPath,
    args: [join(root, 'bin/thaw.js'), 'rehearse'],
    cwd: folder,
    env: { TMPDIR: temporary },
    columns,
    rows,
  });
  try {
    await walk(thaw, temporary);
    const drawn = new Map([...(await renderMoments(thaw.bytes())), ...(await renderHome(folder))]);
    await mkdir(pictures, { recursive: true });
    for (const { name } of moments)
      if (!drawn.has(name)) throw new Error(`The walk never showed ${name}. Run it again.`);
    for (const [name, svg] of drawn) {
      await writeFile(join(pictures, `${name}.svg`), svg);
      process.stdout.write(`docs/pictures/${name}.svg\n`);
    }
  } finally {
    await endProgram(thaw);
    for (const name of await readdir(temporary)) await destroySandbox(join(temporary, name));
    await rm(folder, { recursive: true, force: true });
  }
}

async function endProgram(thaw: PseudoTerminal): Promise<void> {
  try {
    process.kill(thaw.pid, 'SIGKILL');
    await thaw.exit;
  } catch {
    // It has ended by itself.
  }
}

await main();
