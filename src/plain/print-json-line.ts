import type { PlainLine } from './plain-line.ts';

/** One object a line. `atMs` becomes `at`, a time in UTC that people and programs both read. */
export function printJsonLine(line: PlainLine): string {
  const { type, atMs, ...rest } = line;
  const version = 'version' in rest ? { version: rest.version } : {};
  return JSON.stringify({ type, ...version, at: new Date(atMs).toISOString(), ...rest });
}
