import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { endRuns } from '../parts/end-runs.ts';

/** What opens the backup store of the runbook; no server ever hears it. */
export const values = { WALK_USER: 'walker', WALK_TOKEN: 'tok-7f3a-never-shown' } as const;

/**
 * A folder with one runbook whose steps are small programs of this host: the whole program walks it without any server. Its
 * second step fails until a file called `mended` stands in the folder; its third prints for a while.
 */
export function makeWalkFolder(options: { readonly longSeconds?: number } = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'thaw-walk-')));
  onTestFinished(async () => {
    await endRuns(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, 'runbooks'));
  writeFileSync(join(folder, 'runbooks/walk.yaml'), runbook(folder, options.longSeconds ?? 0.5));
  return folder;
}

function runbook(folder: string, longSeconds: number): string {
  const lines = Math.round(longSeconds * 10);
  const work =
    'echo looking for the part; test -e mended || { echo the part is broken >&2; exit 3; }; echo well';
  const long = `for i in $(seq ${lines}); do echo line $i; sleep 0.1; done`;
  return `thaw: 1
name: walk
title: A walk
objectives: { rto: 30m, rpo: 1h }
inputs:
  WALK_USER: { about: user of the backup store }
  WALK_TOKEN: { about: token of the backup store, secret: true }
backups:
  store: { kind: s3, endpoint: "http://127.0.0.1:9", bucket: backups, accessKey: "\${WALK_USER}", secretKey: "\${WALK_TOKEN}" }
  dumps: { layout: "pg/{host}/{date}/{hour}.dump.gz" }
production:
  database: { url: "postgresql://nobody@127.0.0.1:9/nothing" }
drill:
  database: { url: "postgresql://nobody@127.0.0.1:9/other" }
steps:
  - { kind: command, id: prepare, title: Prepare, program: "true", args: [], stall: 60s, inDrill: true }
  - { kind: command, id: work, title: Work, cwd: ${folder}, program: sh, args: [-c, "${work}"], stall: 60s, inDrill: true }
  - { kind: command, id: long, title: Long, program: sh, args: [-c, "${long}"], stall: 60s, inDrill: true }
  - { kind: confirm, id: look, title: Look, text: Is it well? }
`;
}
