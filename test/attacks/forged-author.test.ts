import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { artifactKey } from '../../src/backups/artifact-keys.ts';
import { manifestNamespace } from '../../src/backups/author.ts';
import { type Manifest, writeManifest } from '../../src/backups/manifest.ts';
import { readPrivateKey } from '../../src/base/ssh-key.ts';
import { makeSshSignature } from '../../src/base/ssh-signature.ts';
import { type BackupStand, drillSteps, startBackupStand } from '../parts/backup-stand.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';

/**
 * Signers are pinned. Whoever can write to the store copies, redates, replaces and takes away; he has no signing key of ours. Remains: that the
 * newest backup was taken away only a host that saw it can tell; gaps inside a chain are not judged; a stolen signing key is taken out of use by hand.
 */

let stand: BackupStand;
let fingerprint = '';
let genuine: Manifest;
let first: Manifest;
const at = (name: string) => join(stand.folder, name);
const place = (key: string) => join(stand.backups, key);
const idOf = (key: string) =>
  key
    .split('/')
    .at(-1)
    ?.replace(/\.dump.*$/, '') ?? '';
const later = (ms: number) => `${new Date(Date.now() + ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

async function pinned(more: Readonly<Record<string, unknown>> = {}) {
  await stand.writeRunbook({
    ...more,
    backups: {
      store: { kind: 'directory', path: stand.backups },
      dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
      objects: { prefix: 'objects/' },
      key: { privateKeyFile: stand.secretKeyFile },
      signers: fingerprint,
    },
    producer: {
      host: 'company-1',
      compression: 'zstd',
      encrypt: { kind: 'openpgp', publicKeyFile: stand.gpg.exportPublic(stand.key) },
      sign: { keyFile: at('signing') },
      fingerprints: ['ENCRYPTION_KEY'],
    },
  });
}

beforeAll(async () => {
  stand = await startBackupStand();
  const made = await stand.thaw('keys', 'new', at('signing'));
  expect(made.status, made.text).toBe(0);
  fingerprint = made.text.split('\n')[0] ?? '';
  await pinned();
  await stand.backUp();
  first = stand.newest();
  const said = await stand.backUp();
  expect(said).toContain(`signed by ${fingerprint}, number 2 of its chain`);
  genuine = stand.newest();
  cpSync(stand.backups, at('kept-store'), { recursive: true });
  cpSync(at('restore-logs'), at('kept-logs'), { recursive: true });
});
afterAll(() => stand.remove());
beforeEach(async () => {
  for (const [kept, name] of [
    ['kept-store', stand.backups],
    ['kept-logs', at('restore-logs')],
  ] as const) {
    rmSync(name, { recursive: true, force: true });
    cpSync(at(kept), name, { recursive: true });
  }
  await pinned();
});

function put(key: string, content: Buffer | string): void {
  mkdirSync(dirname(place(key)), { recursive: true });
  writeFileSync(place(key), content);
}

/** A snapshot of the thief, under a name a little later than the genuine one. */
function plant(
  make: (key: string) => { readonly manifest: string; readonly signature?: string | undefined },
): string {
  const key = `pg/company-1/${later(3000)}.dump.zst.gpg`;
  put(key, readFileSync(place(genuine.dump.key)));
  const { manifest, signature } = make(key);
  put(artifactKey(key, 'manifest'), manifest);
  if (signature !== undefined) put(artifactKey(key, 'signature'), signature);
  return key;
}

const read = (artifact: 'manifest' | 'signature', of = genuine) =>
  readFileSync(place(artifactKey(of.dump.key, artifact)), 'utf8');
const moved = (key: string): Manifest => ({ ...genuine, dump: { ...genuine.dump, key } });

function strangersSignature(text: string): string {
  rmSync(at('stranger'), { force: true });
  rmSync(at('stranger.pub'), { force: true });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('stranger')]);
  const pair = readPrivateKey(readFileSync(at('stranger'), 'utf8'));
  if (pair === undefined) throw new Error('no key');
  return makeSshSignature(pair, { namespace: manifestNamespace, message: text });
}

function ours(text: string, namespace = manifestNamespace): string {
  const pair = readPrivateKey(readFileSync(at('signing'), 'utf8'));
  if (pair === undefined) throw new Error('no key');
  return makeSshSignature(pair, { namespace, message: text });
}

const forgeries: Readonly<
  Record<string, { readonly make: Parameters<typeof plant>[0]; readonly why: RegExp }>
> = {
  'without a signature': {
    make: (key) => ({ manifest: writeManifest(moved(key)) }),
    why: /its manifest is not signed/,
  },
  'with the signature of another manifest': {
    make: (key) => ({ manifest: writeManifest(moved(key)), signature: read('signature') }),
    why: /does not belong to this text/,
  },
  'signed by a stranger': {
    make: (key) => {
      const manifest = writeManifest({
        ...moved(key),
        ...(genuine.statement === undefined
          ? {}
          : { statement: { ...genuine.statement, key: artifactKey(key, 'manifest') } }),
      });
      return { manifest, signature: strangersSignature(manifest) };
    },
    why: /which is none of the signers/,
  },
  'with a signature that our key made for something else': {
    make: (key) => {
      const manifest = writeManifest(moved(key));
      return { manifest, signature: ours(manifest, 'thaw-record') };
    },
    why: /was made for "thaw-record"/,
  },
  'with a signature of our key for another place': {
    make: (key) => {
      const manifest = writeManifest(moved(key));
      return { manifest, signature: ours(manifest) };
    },
    why: /was signed for pg\/company-1\//,
  },
  'of another system of ours': {
    make: (key) => {
      const statement = genuine.statement;
      if (statement === undefined) throw new Error('not signed');
      const own = { ...statement, system: 'shop', key: artifactKey(key, 'manifest') };
      const manifest = writeManifest({ ...moved(key), statement: own });
      return { manifest, signature: ours(manifest) };
    },
    why: /was signed for shop/,
  },
  'with a signature that is none': {
    make: (key) => ({ manifest: writeManifest(moved(key)), signature: 'signed, the management' }),
    why: /is no SSH signature/,
  },
};

describe('a genuine backup', () => {
  it('is checked by ssh-keygen alone, and its author stands in the record', async () => {
    writeFileSync(at('allowed'), `backups ${readFileSync(at('signing.pub'), 'utf8')}`);
    const said = execFileSync(
      'ssh-keygen',
      [
        ...['-Y', 'verify', '-f', at('allowed'), '-I', 'backups', '-n', manifestNamespace],
        ...['-s', place(artifactKey(genuine.dump.key, 'signature'))],
      ],
      { input: read('manifest'), encoding: 'utf8' },
    );
    expect(said).toContain(fingerprint);
    const drilled = await stand.thaw('drill', stand.runbookFile, '--snapshot', 'latest', '--yes', '--plain');
    expect(drilled.status, drilled.text).toBe(0);
    const record = await readRecord(at('restore-logs'));
    expect(checksOf(record).join('\n')).toMatch(
      new RegExp(
        `passed: \\S+ is signed by ${fingerprint.replaceAll('+', '\\+')}, which is pinned, as number 2`,
      ),
    );
    expect(record.recoveryPoint?.signature).toMatchObject({ value: expect.stringContaining(fingerprint) });
    const monitored = await stand.thaw('monitor', stand.runbookFile);
    expect(monitored).toEqual({ status: 0, text: 'healthy\n' });
  });

  it('of a runbook that pins nobody restores as before, and it is said that nobody was checked', async () => {
    await stand.writeRunbook();
    const drilled = await stand.thaw('drill', stand.runbookFile, '--snapshot', 'latest', '--yes', '--plain');
    expect(drilled.status, drilled.text).toBe(0);
    expect(drilled.text).toContain('the runbook pins no signers');
    const linted = await stand.thaw('lint', stand.runbookFile);
    expect(linted.text).toContain('backups.signers pins nobody');
    expect(linted.status).toBe(0);
  });
});

describe.each(Object.keys(forgeries))('a forged backup %s', (name) => {
  const { make, why } = forgeries[name] ?? { make: () => ({ manifest: '' }), why: /./ };

  it('is never the latest, not fresh for the monitor, and pushes nothing out', async () => {
    const key = plant(make);
    const latest = await stand.thaw('verify', stand.runbookFile);
    expect(latest.status, latest.text).toBe(0);
    expect(latest.text).toContain(idOf(genuine.dump.key));
    const named = await stand.thaw('verify', stand.runbookFile, '--snapshot', idOf(key));
    expect(named.status, named.text).toBe(7);
    expect(named.text).toMatch(why);
    const monitored = await stand.thaw('monitor', stand.runbookFile);
    expect(monitored.status).toBe(1);
    expect(monitored.text).toMatch(/a backup is in doubt: .* nobody proves who made it/);
    await pinned({ retention: { hourly: 1, floor: 1 } });
    const pruned = await stand.thaw('prune', stand.runbookFile, '--dry-run');
    expect(pruned.text).toContain(`keep    ${idOf(genuine.dump.key)}`);
    expect(pruned.text).toContain(`remove  ${idOf(first.dump.key)}`);
    expect(pruned.text).not.toContain(`remove  ${idOf(genuine.dump.key)}`);
  });
});

describe('a backup that nobody signed, in a disaster', () => {
  const restore = (key: string, ...more: readonly string[]) =>
    stand.thaw(
      ...['restore', stand.runbookFile, '--snapshot', idOf(key), '--yes', '--plain', '--confirm', 'company'],
      ...more,
    );

  it('is taken only for a reason that somebody gives, and is then not VERIFIED', async () => {
    const [choose] = drillSteps;
    const key = plant((own) => ({ manifest: writeManifest(moved(own)) }));
    await pinned({ steps: [choose, { kind: 'fetch' }, { kind: 'decrypt' }] });
    const unasked = await restore(key);
    expect(unasked.status, unasked.text).not.toBe(0);
    expect(unasked.text).toContain('--answer choose-snapshot.author=another|use:REASON');
    const refused = await restore(key, '--answer', 'choose-snapshot.author=another');
    expect(refused.text).toContain('was not taken: nobody proves who made it');
    const bare = await restore(key, '--answer', 'choose-snapshot.author=use');
    expect(bare.status, bare.text).not.toBe(0);
    const taken = await restore(
      key,
      '--answer',
      'choose-snapshot.author=use:the old host is known to be good',
    );
    expect(taken.status, taken.text).toBe(7);
    const record = await readRecord(at('restore-logs'));
    expect(record.result.verdict).toBe('could-not-verify');
    expect(checksOf(record).join('\n')).toContain('taken all the same: the old host is known to be good');
    expect(record.recoveryPoint?.signature).toMatchObject({
      notRecorded: expect.stringContaining('the old host is known to be good'),
    });
  });
});

describe('the newest backup', () => {
  const takeAway = () => {
    for (const key of stand.keys().filter((one) => one.includes(idOf(genuine.dump.key)))) rmSync(place(key));
  };

  it('that was taken away is missed by the monitor that saw it, and its number is not given again', async () => {
    expect((await stand.thaw('monitor', stand.runbookFile)).status).toBe(0);
    takeAway();
    const monitored = await stand.thaw('monitor', stand.runbookFile);
    expect(monitored.status, monitored.text).toBe(1);
    expect(monitored.text).toContain('backup number 2 of this chain was seen here');
    expect(monitored.text).toContain('a later one was taken away');
    const said = await stand.backUp();
    expect(said).toContain('number 2 of this chain is not in the store any more');
    expect(said).toContain('number 3 of its chain');
    expect(stand.newest().statement?.chain).toMatchObject({ sequence: 3, previous: expect.any(String) });
  });

  it('that was taken away is missed by a drill on the host that drilled it, and an older one that is chosen is not', async () => {
    const drill = (snapshot: string) =>
      stand.thaw('drill', stand.runbookFile, '--yes', '--plain', '--snapshot', snapshot);
    const saw = await drill('latest');
    expect(saw.text).toMatch(/passed: .* is signed by .* as number 2 of its chain/);
    const older =
      stand
        .keys()
        .filter((one) => one.endsWith('.manifest.json'))
        .sort()[0] ?? '';
    const chosen = await drill(idOf(older.replace('.manifest.json', '')));
    expect(chosen.text).toMatch(/passed: .* is signed by .* as number 1 of its chain/);
    takeAway();
    const misses = await drill('latest');
    expect(misses.status, misses.text).toBe(7);
    expect(misses.text).toMatch(
      /could not verify: whether .* is the newest: backup number 2 of this chain was seen here/,
    );
  });

  it('is not missed by whoever never saw it: a pass says so', async () => {
    takeAway();
    const verified = await stand.thaw('verify', stand.runbookFile);
    expect(verified.status, verified.text).toBe(0);
    expect(verified.text).toContain('whether a later one was taken away the store cannot tell');
  });

  it('under a number that was another one before is an alarm: the key was used twice', async () => {
    expect((await stand.thaw('monitor', stand.runbookFile)).status).toBe(0);
    const other = writeManifest({ ...genuine, host: 'a copy of the host' });
    put(artifactKey(genuine.dump.key, 'manifest'), other);
    put(artifactKey(genuine.dump.key, 'signature'), ours(other));
    const monitored = await stand.thaw('monitor', stand.runbookFile);
    expect(monitored.status, monitored.text).toBe(1);
    expect(monitored.text).toContain('the signing key was used twice');
  });
});

describe('the values of signing', () => {
  it('that make no sense are told before anything is done', async () => {
    const before = stand.keys();
    await pinned({
      producer: { host: 'company-1', compression: 'zstd', sign: { keyFile: at('no-such-key') } },
    });
    const runbook = readFileSync(stand.runbookFile, 'utf8');
    writeFileSync(stand.runbookFile, runbook.replace(at('signing'), at('no-such-key')));
    const said = await stand.thaw('backup', stand.runbookFile);
    expect(said.status, said.text).not.toBe(0);
    expect(said.text).toContain('no-such-key');
    expect(stand.keys()).toEqual(before);
    writeFileSync(stand.runbookFile, runbook.replace(fingerprint, 'SHA256:short'));
    const checked = await stand.thaw('check', stand.runbookFile);
    expect(checked.status).not.toBe(0);
    expect(checked.text).toContain('is neither SHA256:… nor a public key');
  });

  it('may be a public key as well as a fingerprint; keys new writes over nothing', async () => {
    const runbook = readFileSync(stand.runbookFile, 'utf8');
    writeFileSync(
      stand.runbookFile,
      runbook.replace(fingerprint, readFileSync(at('signing.pub'), 'utf8').trim()),
    );
    const verified = await stand.thaw('verify', stand.runbookFile);
    expect(verified.status, verified.text).toBe(0);
    const before = readFileSync(at('signing'), 'utf8');
    expect((await stand.thaw('keys', 'new', at('signing'))).status).toBe(3);
    expect(readFileSync(at('signing'), 'utf8')).toBe(before);
  });
});
