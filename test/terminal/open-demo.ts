import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { openPseudoTerminal, type PseudoTerminal } from './pseudo-terminal.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The compiled screen must be the one that stands in src, or these tests would prove another program. */
function requireFreshBuild(): void {
  const sources = [
    ...['ui', 'session', 'base'].flatMap((room) =>
      readdirSync(join(root, 'src', room), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.tsx?$/.test(name))
        .map((name) => `${room}/${name}`),
    ),
  ];
  for (const source of sources) {
    const compiled = join(root, 'dist', source.replace(/\.tsx?$/, '.js'));
    if (!existsSync(compiled) || statSync(compiled).mtimeMs < statSync(join(root, 'src', source)).mtimeMs) {
      throw new Error(`dist/${source} is missing or older than its source. Run npm run build first.`);
    }
  }
}

export type DemoEvent = {
  readonly event: string;
  readonly text?: string;
  readonly outcome?: string;
  readonly questionId?: string;
  readonly answer?: { readonly value: string; readonly note?: string };
};

export type Demo = PseudoTerminal & {
  /** What reached the session so far. */
  events(): readonly DemoEvent[];
  waitForEvent(name: string, timeoutMs?: number): Promise<DemoEvent>;
};

/** Starts one scene on a pseudo-terminal; whatever the test does, the program is gone afterwards. */
export function openDemo(
  scene: string,
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly columns?: number;
    readonly rows?: number;
  } = {},
): Demo {
  requireFreshBuild();
  const folder = mkdtempSync(join(tmpdir(), 'thaw-demo-'));
  const logFile = join(folder, 'events.jsonl');
  const terminal = openPseudoTerminal({
    file: process.execPath,
    args: [join(root, 'test/terminal/demo-session.ts'), scene],
    cwd: root,
    ...options,
    env: { DEMO_LOG: logFile, ...options.env },
  });
  const events = (): readonly DemoEvent[] =>
    existsSync(logFile)
      ? readFileSync(logFile, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as DemoEvent)
      : [];
  onTestFinished(() => {
    try {
      process.kill(terminal.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    ...terminal,
    events,
    async waitForEvent(name, timeoutMs = 30_000) {
      const end = Date.now() + timeoutMs;
      for (;;) {
        const found = events().find((one) => one.event === name);
        if (found !== undefined) return found;
        if (Date.now() > end)
          throw new Error(`No event ${name} within ${timeoutMs} ms: ${JSON.stringify(events())}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}
