import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../../src/base/secret.ts';
import { openUnpacker } from '../../../src/layers/open-unpacker.ts';
import type { ProcessRunner } from '../../../src/ports/process-runner.ts';
import { type GpgHome, type GpgKey, makeGpgHome } from '../../parts/gpg-keys.ts';

/** A real gpg that is killed, stopped or left alone by its agent in the middle of its work. */

const passphrase = 'open sesame';
const content = randomBytes(3_000_000);
let home: GpgHome;
let key: GpgKey;
let message: string;
const stopped = new Set<number>();

beforeAll(() => {
  home = makeGpgHome();
  key = home.makeKey({ userId: 'Backup <b@example.org>', kind: 'rsa', passphrase });
  message = home.file('message', home.encryptTo([key], content));
});
afterEach(() => {
  for (const pid of stopped) process.kill(pid, 'SIGKILL');
  stopped.clear();
});
afterAll(() => home.remove());

/** gpg, but where it decrypts the shell does this instead, with the real one at hand as $GPG. */
function runnerWith(script: string): ProcessRunner {
  const folder = home.file('bin-folder');
  const wrapper = join(folder, 'gpg');
  const real = findReal();
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    wrapper,
    `#!/bin/sh\nGPG=${real}\nfor word; do [ "$word" = --decrypt ] && {\n${script}\n}; done\nexec ${real} "$@"\n`,
  );
  chmodSync(wrapper, 0o755);
  const processes = createProcessRunner();
  return {
    run: (request) =>
      processes.run({
        ...request,
        env: { ...request.env, PATH: `${folder}${delimiter}${process.env.PATH ?? ''}` },
        // Nobody waits two minutes for a test; what is waited for is told by the real value.
        stallMs: request.stallMs === 'endless' ? 'endless' : Math.min(request.stallMs, 1500),
      }),
  };
}

function findReal(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'gpg')).find((path) => existsSync(path)) ?? '/usr/bin/gpg';
}

async function unpackWith(processes: ProcessRunner, keys: Parameters<typeof openUnpacker>[0]['keys']) {
  const toFile = home.file('content');
  const outcome = await openUnpacker({ keys, processes }).unpack({
    fromFile: message,
    toFile,
    layers: ['openpgp'],
    onProgress: () => {},
  });
  expect(existsSync(toFile)).toBe(false);
  expect(existsSync(`${toFile}.unpacking`)).toBe(false);
  if (outcome.ok) throw new Error('It succeeded.');
  return outcome.failure;
}

const keys = () => ({ gnupgHome: home.folder, passphrase: createSecret(passphrase) });

describe('A gpg', () => {
  it.each([
    ['before it took a byte', 'kill -KILL $$'],
    ['after it took some', 'head -c 100000 >/dev/null; kill -KILL $$'],
    ['after it gave some', 'head -c 100000; kill -KILL $$'],
  ])('that is killed %s is named with its signal, and nothing half unpacked stays', async (_when, script) => {
    const failure = await unpackWith(runnerWith(script), keys());
    expect(failure).toMatchObject({ code: 'command-failed' });
    expect(failure.message).toMatch(/gpg.*SIGKILL/);
    expect(failure.remedy).not.toBe('');
  });

  it('that is stopped is given up, and killed', async () => {
    const failure = await unpackWith(runnerWith('kill -STOP $$'), keys());
    expect(failure).toMatchObject({ code: 'stalled' });
    expect(failure.message).toMatch(/gpg/);
    expect(stoppedBelow(home.folder)).toEqual([]);
  });

  it('whose agent is frozen is given up, and not called a wrong passphrase', async () => {
    // The agent of a keyring of this host: started by a first look, then frozen.
    const first = runnerWith('exec $GPG "$@"');
    await openUnpacker({
      keys: { gnupgHome: home.folder, passphrase: createSecret(passphrase) },
      processes: first,
    }).describeKey();
    const agent = agentOf(home.folder);
    process.kill(agent, 'SIGSTOP');
    stopped.add(agent);
    const config = { gnupgHome: home.folder, passphrase: createSecret(passphrase) };
    const described = await openUnpacker({ keys: config, processes: first }).describeKey();
    expect(described.ok ? described : described.failure).toMatchObject({ code: 'stalled' });
    expect(await unpackWith(first, config)).toMatchObject({ code: 'stalled' });
  });
});

function commandsIn(folder: string): readonly (readonly [number, string, string])[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const state = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.[0] ?? '';
      return /^\d+$/.test(name) && command.includes(folder) ? [[Number(name), command, state] as const] : [];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

function stoppedBelow(folder: string): readonly string[] {
  return commandsIn(folder).flatMap(([, command, state]) => (state === 'T' ? [command] : []));
}

function agentOf(folder: string): number {
  const [pid] = commandsIn(folder).find(([, command]) => command.startsWith('gpg-agent')) ?? [];
  if (pid === undefined) throw new Error(`No agent works for ${folder}`);
  return pid;
}
