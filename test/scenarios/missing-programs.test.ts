import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitStatus } from '../../src/app/exit-status.ts';
import { thawHere } from '../parts/thaw.ts';

/** It needs gpg and nothing else: whatever the distribution of this host is, a package brings it. */
const runbook = `thaw: 1
name: keys
title: Keys
objectives: { rto: 30m, rpo: 1h }
production: {}
steps:
  - { kind: command, program: gpg, args: [--list-keys] }
`;

/** Stands for the package manager of this host, whichever that is. Its output tries to draw on the terminal. */
const manager = `#!/bin/sh
printf '%s\\n' "$*" >>"$0.log"
printf '\\033[31mReading package lists\\033[0m\\n'
case "$*" in
  *nstall*gnupg* | *-S*gnupg* | add*gnupg*) [ -e "\${0%/*}/broken" ] && exit 100
    printf '#!/bin/sh\\n' >"\${0%/*}/gpg"; chmod +x "\${0%/*}/gpg" ;;
esac
exit 0
`;

const managers = ['apt-get', 'dnf', 'apk', 'pacman'];
const usualPath = process.env.PATH;
let folder = '';
let bin = '';

const check = (...options: readonly string[]) =>
  thawHere({ args: ['check', './keys.yaml', ...options], env: { HOME: folder }, cwd: folder });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thaw-programs-'));
  bin = join(folder, 'bin');
  await mkdir(bin);
  await symlink('/usr/bin/env', join(bin, 'env'));
  await writeFile(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n');
  for (const name of managers) await writeFile(join(bin, name), manager);
  for (const name of ['sudo', ...managers]) await chmod(join(bin, name), 0o755);
  await symlink('/bin/chmod', join(bin, 'chmod'));
  await writeFile(join(folder, 'keys.yaml'), runbook);
  process.env.PATH = bin;
});

afterAll(async () => {
  process.env.PATH = usualPath;
  await rm(folder, { recursive: true });
});

async function ranSoFar(): Promise<readonly string[]> {
  const logs = await Promise.all(
    managers.map((name) => readFile(join(bin, `${name}.log`), 'utf8').catch(() => '')),
  );
  return logs.join('').split('\n').filter(Boolean);
}

describe('thaw check on a host where a program is missing', () => {
  it('says what it is for and the exact commands, and runs none of them unasked', async () => {
    const { status, text } = await check();
    expect(status).toBe(exitStatus.blocked);
    expect(text).toMatch(/^✗ blocks {2}programs: missing on this host \(.+\): gpg: opens OpenPGP/m);
    expect(text).toMatch(/^(sudo )?(env DEBIAN_FRONTEND=noninteractive )?(apt-get|dnf|apk|pacman) .*gnupg/m);
    expect(await ranSoFar()).toEqual([]);
  });

  it('installs nothing while nobody can say yes', async () => {
    const { status, text } = await check('--install');
    expect(status).toBe(exitStatus.answerMissing);
    expect(text).toContain('Say it beforehand: --install --yes');
    expect(await ranSoFar()).toEqual([]);
  });

  it('stops at the first command that fails, and says which', async () => {
    await writeFile(join(bin, 'broken'), '');
    const { status, text } = await check('--install', '--yes');
    await rm(join(bin, 'broken'));
    expect(status).toBe(exitStatus.failed);
    expect(text).toMatch(/gnupg2? ended with status 100\./);
  });

  it('runs the commands that it has shown after a yes, shows their words without their colours, and looks again', async () => {
    const before = (await ranSoFar()).length;
    const { status, text } = await check('--install', '--yes');
    expect(text).toContain('  Reading package lists\n');
    expect(text).not.toContain('\u001b');
    const [shown, then] = text.split('Installed. Looking again.');
    const commands = [...(shown ?? '').matchAll(/^\$ (.*)$/gm)].map(([, command = '']) => command);
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) expect(shown?.split('\n')).toContain(command);
    expect((await ranSoFar()).length - before).toBe(commands.length);
    expect(then).toContain('Nothing is in the way.');
    expect(status).not.toBe(exitStatus.blocked);
  });
});
