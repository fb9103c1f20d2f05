import { setTimeout as pause } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';

/** A real program on a real pseudo-terminal, with a terminal in memory that understands what it draws. */
export type PseudoTerminal = {
  readonly pid: number;
  /** Sends keys as a terminal would: '\r' is Enter, '\x1b' Escape, '\x1b[A' the arrow up. */
  write(keys: string): void;
  /**
   * Resolves with the screen once a whole picture shows this; throws with the screen as it is when the time is over, or when the
   * program ended before.
   */
  waitFor(wanted: Wanted, timeoutMs?: number): Promise<readonly string[]>;
  /** What is visible, one text per row, without trailing blanks. */
  screen(): readonly string[];
  /** Everything on the primary screen, scrolled away or not. */
  scrollback(): readonly string[];
  resize(size: { readonly columns: number; readonly rows: number }): void;
  /** Everything the program wrote. */
  bytes(): string;
  isAlternate(): boolean;
  /** Broken promises of every full-screen frame so far: empty for a well-behaved program. */
  violations(): readonly string[];
  /** Broken promises about the terminal that is left behind. Ask after `exit`. */
  leftBehind(): readonly string[];
  /** The window is closed while the program runs: it gets SIGHUP, and EIO on every later write. */
  close(): void;
  readonly exit: Promise<{ readonly status: number; readonly signal: number | undefined }>;
};

export type Wanted = string | RegExp | ((screen: readonly string[]) => boolean);

const pollMs = 15;
/** What a program draws in one go comes within this time, also where the system cuts it into pieces. */
const settleMs = 20;
const syncOn = '\x1b[?2026h';
const syncOff = '\x1b[?2026l';

export function openPseudoTerminal(request: {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
}): PseudoTerminal {
  const { columns: cols = 80, rows = 24 } = request;
  const terminal = new headless.Terminal({ cols, rows, scrollback: 5000, allowProposedApi: true });
  const { NODE_COMPILE_CACHE } = process.env;
  const program = spawn(request.file, [...request.args], {
    name: 'xterm-256color',
    cols,
    rows,
    cwd: request.cwd ?? process.cwd(),
    // A small environment of its own: CI, NO_COLOR and the like of a build server would change what is tested.
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      LANG: 'C.UTF-8',
      ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }),
      ...request.env,
    },
  });
  const written: string[] = [];
  let parsed = 0;
  const broken = new Set<string>();
  const screen = () => readBuffer({ terminal, from: terminal.buffer.active.baseY, count: terminal.rows });
  program.onData((data) => {
    written.push(data);
    terminal.write(data, () => {
      parsed += 1;
      for (const promise of brokenPromises(terminal)) broken.add(promise);
    });
  });
  let ended: number | undefined;
  const exit = new Promise<{ status: number; signal: number | undefined }>((resolve) => {
    program.onExit(({ exitCode, signal }) => {
      // The last bytes are parsed before anybody looks.
      terminal.write('', () => {
        ended = exitCode;
        resolve({ status: exitCode, signal });
      });
    });
  });
  /**
   * A terminal that knows synchronized output shows whole pictures only. The one in memory does not know it: half of a picture
   * may still show the end of the one before.
   */
  const isWhole = () => {
    const bytes = written.join('');
    return parsed === written.length && bytes.lastIndexOf(syncOn) <= bytes.lastIndexOf(syncOff);
  };
  return {
    pid: program.pid,
    write: (keys) => program.write(keys),
    waitFor: (wanted, timeoutMs = 30_000) =>
      waitUntil({ screen, wanted, timeoutMs, isWhole, chunks: () => written.length, ended: () => ended }),
    screen,
    scrollback: () => readBuffer({ terminal, from: 0, count: terminal.buffer.normal.length, primary: true }),
    resize(size) {
      terminal.resize(size.columns, size.rows);
      program.resize(size.columns, size.rows);
    },
    bytes: () => written.join(''),
    isAlternate: () => terminal.buffer.active.type === 'alternate',
    violations: () => {
      const scrollbackWiped = written.join('').includes('\x1b[3J');
      return [...broken, ...(scrollbackWiped ? ['the scrollback was wiped (CSI 3J)'] : [])];
    },
    leftBehind: () => describeRest(written.join('')),
    close() {
      // On Linux this closes the master side, which is what a dropped connection does.
      (program as unknown as { destroy(): void }).destroy();
    },
    exit,
  };
}

function readBuffer(request: {
  readonly terminal: InstanceType<typeof headless.Terminal>;
  readonly from: number;
  readonly count: number;
  readonly primary?: boolean;
}): readonly string[] {
  const buffer = request.primary === true ? request.terminal.buffer.normal : request.terminal.buffer.active;
  return Array.from({ length: request.count }, (_, row) =>
    (buffer.getLine(request.from + row)?.translateToString(true) ?? '').trimEnd(),
  );
}

/** A frame as tall as the terminal scrolls on some of them; a row that is too wide breaks into the next one. */
function brokenPromises(terminal: InstanceType<typeof headless.Terminal>): readonly string[] {
  const { active } = terminal.buffer;
  if (active.type !== 'alternate') return [];
  const broken: string[] = [];
  for (let row = 0; row < terminal.rows; row += 1) {
    const line = active.getLine(row);
    if (line?.isWrapped === true) broken.push(`a row is wider than ${terminal.cols} columns`);
    const text = line?.translateToString(true).trim() ?? '';
    if (row === terminal.rows - 1 && text !== '')
      broken.push(`the frame is as tall as the terminal: ${text}`);
  }
  return broken;
}

function describeRest(bytes: string): readonly string[] {
  const after = (on: string, off: string) => bytes.lastIndexOf(on) <= bytes.lastIndexOf(off);
  return [
    ...(after('\x1b[?1049h', '\x1b[?1049l') ? [] : ['the alternate screen is still on']),
    ...(after('\x1b[?25l', '\x1b[?25h') ? [] : ['the cursor is still hidden']),
    ...(after('\x1b[?2004h', '\x1b[?2004l') ? [] : ['bracketed paste is still on']),
  ];
}

async function waitUntil(request: {
  readonly screen: () => readonly string[];
  readonly wanted: Wanted;
  readonly timeoutMs: number;
  readonly isWhole: () => boolean;
  readonly chunks: () => number;
  readonly ended: () => number | undefined;
}): Promise<readonly string[]> {
  const { screen, wanted, timeoutMs, isWhole, chunks, ended } = request;
  const end = Date.now() + timeoutMs;
  for (;;) {
    const [status, before] = [ended(), chunks()];
    if (shows(screen(), wanted)) {
      await pause(settleMs);
      if (isWhole() && before === chunks() && shows(screen(), wanted)) return screen();
    }
    const rows = screen().join('\n');
    if (status !== undefined && !shows(screen(), wanted))
      throw new Error(`The program ended with ${status} before ${wanted}:\n${rows}`);
    if (Date.now() > end) throw new Error(`Not shown within ${timeoutMs} ms: ${wanted}\n${rows}`);
    await pause(pollMs);
  }
}

function shows(rows: readonly string[], wanted: Wanted): boolean {
  if (typeof wanted === 'function') return wanted(rows);
  const text = rows.join('\n');
  return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
}
