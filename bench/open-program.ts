import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPseudoTerminal, type PseudoTerminal } from '../test/terminal/pseudo-terminal.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
export const launcher = join(root, 'bin/thaw.js');

/** A folder with one runbook whose only work is to print. Nothing is contacted. */
export function makeFolder(floodSeconds: number): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'thaw-bench-'));
  writeFileSync(join(path, 'flood.yaml'), runbook(floodSeconds));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

function runbook(seconds: number): string {
  const flood = join(root, 'bench/flood.js');
  return `thaw: 1
name: flood
title: Flood
objectives: { rto: 30m, rpo: 1h }
backups:
  store: { kind: directory, path: store }
  dumps: { layout: "pg/{host}/{date}/{hour}.dump.gz" }
production:
  database: { url: "postgresql://nobody@127.0.0.1:9/nothing" }
steps:
  - { kind: command, id: before, title: Before, program: "true", args: [], stall: 60s }
  - { kind: command, id: flood, title: Flood, program: ${process.execPath}, args: [${flood}, "${seconds}"], stall: 60s }
`;
}

export function openProgram(request: {
  readonly node: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}): PseudoTerminal {
  const { node, args, folder, nodeArgs = [], env = {} } = request;
  return openPseudoTerminal({ file: node, args: [...nodeArgs, launcher, ...args], cwd: folder, env });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function cpuTimeMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  // utime and stime, in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
