import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { openSopsSecretFiles } from '../../../src/adapters/sops/sops-secret-files.ts';
import { describeIdentities } from '../../../src/layers/age/read-identities.ts';
import type { SealedFile, SecretFileFormat } from '../../../src/ports/secret-files.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';
import { findSops } from '../../parts/find-program.ts';

const found = await findSops();
const { PATH = '' } = process.env;
const requests: { readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> }[] = [];
const processes = createProcessRunner();
const files = openSopsSecretFiles({
  processes: {
    run: (request) => {
      requests.push(request);
      return processes.run(request);
    },
  },
  describeKey: describeIdentities,
});

let folder = '';
const at = (name: string) => join(folder, name);
const canary = 'CANARY-sesame-open';

const plain: Readonly<Record<SecretFileFormat, string>> = {
  dotenv: `DATABASE_URL=postgresql://wa:${canary}@db/wa\n# kept\nPEPPER="two words # one"\nPORT=8080\nEMPTY=\n`,
  yaml: `db:\n    password: ${canary}\n    port: 5432\nlist:\n    - first\n    - second\n`,
  json: `{\n\t"db": {\n\t\t"password": "${canary}"\n\t},\n\t"on": true\n}\n`,
  binary: `${canary}\u0000\u0001 as it is`,
};

if ('absentBecause' in found) {
  test('says aloud that SOPS is not tried, and why', () => {
    process.stderr.write(`\nSOPS is NOT tried: ${found.absentBecause}.\n`);
    expect(found.absentBecause).not.toBe('');
  });
} else {
  beforeAll(() => {
    process.env.PATH = `${dirname(found.binary)}:${PATH}`;
    folder = mkdtempSync(join(tmpdir(), 'thaw-sops-'));
    for (const name of ['age.key', 'stranger.key']) makeKey(name);
  });
  afterEach(() => {
    process.env.PATH = `${dirname(found.binary)}:${PATH}`;
    chmodSync(at('age.key'), 0o400);
  });
  afterAll(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true, force: true });
  });
  describe('a SOPS file', promisesOfOpening);
  describe('a SOPS file that does not open', promisesOfRefusing);
}

function makeKey(name: string): void {
  execFileSync('age-keygen', ['-o', at(name)], { stdio: 'ignore' });
  chmodSync(at(name), 0o400);
}

function publicHalf(name: string): string {
  return execFileSync('age-keygen', ['-y', at(name)], { encoding: 'utf8' }).trim();
}

/** By sops itself, as the owners' repository has it. */
function seal(format: SecretFileFormat, ...others: readonly string[]): SealedFile {
  writeFileSync(at('plain'), plain[format]);
  const type = ['--input-type', format, '--output-type', format];
  const recipients = [...others, publicHalf('age.key')].join(',');
  const bytes = execFileSync('sops', ['--encrypt', '--age', recipients, ...type, at('plain')]);
  writeFileSync(at(`sealed.${format}`), bytes);
  return { path: at(`sealed.${format}`), format, identityFile: at('age.key') };
}

const open = (sealed: SealedFile) => files.open({ sealed, signal: new AbortController().signal });

function change(sealed: SealedFile, edit: (text: string) => string): SealedFile {
  const text = readFileSync(sealed.path, 'utf8');
  const edited = edit(text);
  expect(edited).not.toBe(text);
  writeFileSync(sealed.path, edited);
  return sealed;
}

async function refusal(sealed: SealedFile) {
  const failure = failureFrom(await open(sealed));
  expect(JSON.stringify(failure)).not.toContain(canary);
  expect(failure.remedy).not.toBe('');
  return failure;
}

function promisesOfOpening(): void {
  it.each([
    ['dotenv', { DATABASE_URL: `postgresql://wa:${canary}@db/wa`, PEPPER: 'two words # one', EMPTY: '' }],
    ['yaml', { 'db.password': canary, 'db.port': '5432', 'list.1': 'second' }],
    ['json', { 'db.password': canary, on: 'true' }],
    ['binary', { '': plain.binary }],
  ] as const)('in %s comes back byte for byte, with its values by name', async (format, values) => {
    const sealed = seal(format);
    expect(readFileSync(sealed.path, 'utf8')).not.toContain(canary);
    const opened = valueFrom(await open(sealed));
    expect(opened.content.toString()).toBe(plain[format]);
    expect(Object.fromEntries(opened.values)).toMatchObject(values);
  });

  it('for several people opens with the key of one of them, and is looked at before', async () => {
    const sealed = seal('dotenv', publicHalf('stranger.key'));
    const parts = (await files.inspect(sealed)).map(valueFrom);
    expect(parts).toEqual([
      expect.stringMatching(/^sops \d+\.\d+\.\d+ is there$/),
      `${at('age.key')} is kept as a secret: ${publicHalf('age.key')}`,
      expect.stringMatching(/sealed\.dotenv is a SOPS file encrypted to this key, last changed \d{4}-/),
    ]);
    valueFrom(await open(sealed));
  });

  it('gives sops the key by the name of its file, and nothing of ours beside it', async () => {
    process.env.CANARY_PASSWORD = canary;
    requests.length = 0;
    const sealed = seal('dotenv');
    valueFrom(await open(sealed));
    Reflect.deleteProperty(process.env, 'CANARY_PASSWORD');
    const [request] = requests;
    expect(request?.env).toMatchObject({ SOPS_AGE_KEY_FILE: at('age.key'), HOME: '/nonexistent' });
    const secret = readFileSync(at('age.key'), 'utf8');
    expect(secret).toContain('AGE-SECRET-KEY-1');
    expect(JSON.stringify(requests)).not.toMatch(/AGE-SECRET-KEY-1|CANARY/);
    expect(files.describe(sealed)).toBe(
      `SOPS_AGE_KEY_FILE=${at('age.key')} sops --decrypt --input-type dotenv --output-type dotenv ${sealed.path}`,
    );
  });

  it('is not opened by another key that lies in the home of the user', async () => {
    const sealed = { ...seal('dotenv'), identityFile: at('stranger.key') };
    const home = at('home');
    mkdirSync(join(home, '.config/sops/age'), { recursive: true });
    writeFileSync(join(home, '.config/sops/age/keys.txt'), readFileSync(at('age.key')), { mode: 0o400 });
    const { HOME } = process.env;
    process.env.HOME = home;
    // The recipient is hidden from our own look, so that sops has to find the key.
    const asked = change(sealed, (text) => text.replace(publicHalf('age.key'), publicHalf('stranger.key')));
    const failure = await refusal(asked);
    process.env.HOME = HOME;
    expect(failure).toMatchObject({ code: 'wrong-key' });
    expect(failure.message).toContain('stranger.key does not open');
  });
}

function promisesOfRefusing(): void {
  it('for somebody else says whom it is for, and whose key this is', async () => {
    const sealed = { ...seal('yaml'), identityFile: at('stranger.key') };
    const failure = await refusal(sealed);
    expect(failure).toMatchObject({ code: 'wrong-key', retry: 'after-fix' });
    expect(failure.message).toContain(`is encrypted to ${publicHalf('age.key')}`);
    expect(failure.message).toContain(`is the key of ${publicHalf('stranger.key')}`);
    expect((await files.inspect(sealed)).map(({ ok }) => ok)).toEqual([true, true, false]);
  });

  it('with a key that others may read is refused before sops is asked', async () => {
    const sealed = seal('dotenv');
    requests.length = 0;
    chmodSync(at('age.key'), 0o440);
    expect(await refusal(sealed)).toMatchObject({ code: 'denied' });
    expect(requests).toEqual([]);
    expect((await files.inspect(sealed)).map(({ ok }) => ok)).toEqual([true, false, true]);
  });

  const firstByte = /(data:)(.)/;
  it.each([
    ['a value is changed', (text: string) => text.replace(firstByte, '$1_'), /one of its values/],
    ['a value is taken out', (text: string) => text.replace(/^PORT=.*\n/m, ''), /its MAC over all values/],
    ['its MAC is changed', (text: string) => text.replace(/(mac=ENC\[AES256_GCM,data:)./, '$1_'), /its MAC/],
  ])('because %s is damaged', async (_what, edit, words) => {
    const failure = await refusal(change(seal('dotenv'), edit));
    expect(failure).toMatchObject({ code: 'damaged' });
    expect(failure.message).toMatch(words);
  });

  it.each(['dotenv', 'yaml', 'json', 'binary'] as const)('cut short in %s is damaged', async (format) => {
    const sealed = seal(format);
    const whole = readFileSync(sealed.path);
    for (const share of [0.3, 0.6, 0.9, 0.97]) {
      writeFileSync(sealed.path, whole.subarray(0, Math.floor(whole.length * share)));
      const failure = await refusal(sealed);
      expect(failure.code, `${share}: ${failure.message}`).toBe('damaged');
    }
  });

  it.each(['dotenv', 'yaml', 'json', 'binary'] as const)(
    'because it was never encrypted is no SOPS file in %s, and none of it is shown',
    async (format) => {
      writeFileSync(at('open'), plain[format]);
      const failure = await refusal({ path: at('open'), format, identityFile: at('age.key') });
      expect(failure).toMatchObject({ code: 'invalid-input' });
    },
  );

  it('in another format than its own says so', async () => {
    expect(await refusal({ ...seal('yaml'), format: 'dotenv' })).toMatchObject({ code: 'damaged' });
  });

  it('because it is not there, or because sops is not, says which', async () => {
    const sealed = seal('dotenv');
    expect(await refusal({ ...sealed, path: at('nowhere') })).toMatchObject({ code: 'not-found' });
    process.env.PATH = at('no-programs');
    const failure = await refusal(sealed);
    expect(failure).toMatchObject({ code: 'tool-missing' });
    expect(failure.remedy).toContain('https://github.com/getsops/sops/releases');
    const [tool, ...others] = await files.inspect(sealed);
    expect([tool?.ok, ...others.map(({ ok }) => ok)]).toEqual([false, true, true]);
  });
}
