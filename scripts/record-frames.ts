import type { Terminal } from '@xterm/headless';
import { dark, frameSvg, renderRows } from './render-svg.ts';

/** Collects pictures of a terminal, and makes of them one drawing that shows them one after the other. */
export type Recording = {
  /** Takes the picture as it stands, where it differs from the one before. */
  take(terminal: Terminal): void;
  draw(terminal: Terminal, title: string): string;
};

const mostFrames = 36;
const frameMs = 1100;

export function recordFrames(): Recording {
  const frames: { readonly text: string; readonly rows: readonly string[] }[] = [];
  return {
    take(terminal) {
      const { active } = terminal.buffer;
      const lines = Array.from(
        { length: terminal.rows },
        (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '',
      );
      // The clock alone makes no new picture.
      const text = lines.filter((line) => !line.startsWith(' elapsed')).join('\n');
      if (text.trim() === '' || text === frames.at(-1)?.text) return;
      frames.push({ text, rows: renderRows(terminal, dark) });
    },
    draw(terminal, title) {
      const step = Math.max(1, frames.length / mostFrames);
      const chosen = Array.from({ length: Math.min(frames.length, mostFrames) }, (_, index) =>
        frames.at(Math.min(frames.length - 1, Math.floor(index * step))),
      );
      const totalMs = chosen.length * frameMs;
      const share = (100 / chosen.length).toFixed(3);
      const style =
        `@keyframes f{0%{visibility:visible}${share}%{visibility:hidden}}` +
        `.f{visibility:hidden;animation:f ${totalMs}ms step-end infinite}`;
      const inside = chosen.flatMap((frame, index) => [
        `<g class="f" style="animation-delay:${index * frameMs}ms">`,
        ...(frame?.rows ?? []),
        '</g>',
      ]);
      return frameSvg({ terminal, title, on: dark, inside, style });
    },
  };
}
