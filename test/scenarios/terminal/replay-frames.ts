import headless from '@xterm/headless';
import { canary } from '../../../src/sandbox/sandbox-secrets.ts';

export type Frame = {
  /** What stood on the screen, one text per row, without trailing blanks. */
  readonly rows: readonly string[];
  readonly alternate: boolean;
  /** Which rows are the rest of a row that was too wide. */
  readonly wrapped: readonly number[];
};

/** The program brackets each picture with these (synchronized output), so that a slow line never shows half of one. */
const pictureEnd = '\x1b[?2026l';

/** Every picture the program drew, in order: its bytes are played again into a terminal of the same size. */
export async function replayFrames(request: {
  readonly bytes: string;
  readonly columns?: number;
  readonly rows?: number;
}): Promise<readonly Frame[]> {
  const { columns = 80, rows = 24 } = request;
  const terminal = new headless.Terminal({ cols: columns, rows, scrollback: 0, allowProposedApi: true });
  const frames: Frame[] = [];
  for (const part of request.bytes.split(pictureEnd)) {
    await new Promise<void>((resolve) => terminal.write(part, resolve));
    frames.push(readFrame(terminal));
  }
  terminal.dispose();
  return frames;
}

function readFrame(terminal: InstanceType<typeof headless.Terminal>): Frame {
  const { active } = terminal.buffer;
  const lines = Array.from({ length: terminal.rows }, (_, row) => active.getLine(active.baseY + row));
  return {
    rows: lines.map((line) => (line?.translateToString(true) ?? '').trimEnd()),
    alternate: active.type === 'alternate',
    wrapped: lines.flatMap((line, row) => (line?.isWrapped === true ? [row] : [])),
  };
}

/** Every secret of a sandbox holds the canary, plainly or as the bytes it stands for. */
const secretSigns = [
  canary,
  Buffer.from(canary).toString('hex'),
  Buffer.from(canary).toString('base64').slice(0, 8),
];

/** What must hold for every picture of a well-behaved program; empty when all of it does. */
export async function brokenPromises(request: {
  readonly bytes: string;
  readonly columns?: number;
  readonly rows?: number;
}): Promise<readonly string[]> {
  const { bytes, rows = 24 } = request;
  const broken = new Set<string>();
  if (bytes.includes('\x1b[3J')) broken.add('the scrollback was wiped (CSI 3J)');
  if (showsSecret(bytes)) broken.add('a secret was written to the terminal');
  for (const [index, frame] of (await replayFrames(request)).entries()) {
    const text = frame.rows.join('\n');
    // A secret may be drawn in pieces, or broken at the edge of a pane.
    const glued = frame.rows.map((row) => row.trim()).join('');
    if (showsSecret(text) || showsSecret(glued)) broken.add(`frame ${index} shows a secret:\n${text}`);
    if (!frame.alternate) continue;
    if (frame.wrapped.length > 0) broken.add(`frame ${index} is too wide:\n${text}`);
    if (frame.rows[rows - 1] !== '') broken.add(`frame ${index} is as tall as the terminal:\n${text}`);
  }
  return [...broken];
}

function showsSecret(text: string): boolean {
  return secretSigns.some((sign) => text.includes(sign));
}
