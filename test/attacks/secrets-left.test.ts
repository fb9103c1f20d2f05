import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BackupStand, database, startBackupStand } from '../parts/backup-stand.ts';
import { filesHolding } from '../parts/run-log.ts';
import { runThaw, startThaw } from '../parts/thaw.ts';

/**
 * A run that is killed cannot tidy up: what is secret must not lie anywhere, or go with the next run. Remains: decrypted files of a killed run
 * stay in its private work folder until it is resumed or discarded; removed files are not overwritten on the disk.
 */

let stand: BackupStand;
const passphrase = 'long words that nobody guesses';
const id = '20261101T020000Z';

beforeAll(async () => {
  stand = await startBackupStand();
  const key = stand.gpg.makeKey({ userId: 'old@company.invalid', kind: 'rsa', passphrase });
  const archive = execFileSync(join(stand.production.binFolder, 'pg_dump'), [
    ...['--format=custom', '--compress=0', stand.production.urlOf(database)],
  ]);
  // openpgp.js does not know this cipher, so gpg is asked, with the key of the file.
  const dump = stand.gpg.encryptTo([key], archive, '--cipher-algo', 'TWOFISH');
  mkdirSync(join(stand.backups, 'pg/company-1'), { recursive: true });
  writeFileSync(join(stand.backups, `pg/company-1/${id}.dump.gpg`), dump);
  for (const name of ['slow', 'tmp']) mkdirSync(join(stand.folder, name));
  const slow = join(stand.folder, 'slow/gpg');
  const gpg = execFileSync('sh', ['-c', 'command -v gpg'], { encoding: 'utf8' }).trim();
  // It stands still where the step decrypts, and not where the walk only looks whether the key fits.
  const stands = `grep -qs '"kind":"step-started".*"stepId":"decrypt"' restore-logs/*/journal.jsonl && [ ! -e hurry ]`;
  writeFileSync(
    slow,
    `#!/bin/sh\ncd '${stand.folder}'\ncase " $* " in *" --decrypt "*) if ${stands}; then echo $$ >at-work; exec sleep 600; fi;; esac\nexec ${gpg} "$@"\n`,
  );
  chmodSync(slow, 0o755);
  await stand.writeRunbook({
    backups: {
      store: { kind: 'directory', path: stand.backups },
      dumps: { layout: 'pg/{host}/{timestamp}.dump[.gpg]' },
      key: { privateKeyFile: stand.gpg.exportSecret(key), passphrase: `\${BACKUP_PASSPHRASE}` },
    },
    inputs: { BACKUP_PASSPHRASE: { about: 'of the key', secret: true } },
    steps: [{ kind: 'choose-snapshot' }, { kind: 'fetch' }, { kind: 'decrypt' }],
  });
});
afterAll(() => stand.remove());

const env = () => ({
  HOME: stand.folder,
  TMPDIR: join(stand.folder, 'tmp'),
  BACKUP_PASSPHRASE: passphrase,
  PATH: `${join(stand.folder, 'slow')}:${process.env.PATH}`,
});
const options = ['--yes', '--plain', '--snapshot', id];
const homes = () => readdirSync(join(stand.folder, 'tmp')).filter((name) => name.startsWith('thaw-gpg-'));

describe('a run that is killed while gpg decrypts', () => {
  it('leaves no passphrase on any disk, and its key goes with the run that resumes it', async () => {
    const thaw = startThaw({
      args: ['drill', stand.runbookFile, ...options],
      env: env(),
      cwd: stand.folder,
    });
    const marker = join(stand.folder, 'at-work');
    for (let tries = 0; tries < 1200 && !existsSync(marker); tries += 1) await sleep(50);
    const gpgPid = Number(readFileSync(marker, 'utf8'));
    expect(homes()).toHaveLength(1);
    expect(await filesHolding(stand.folder, [passphrase])).toEqual([]);
    thaw.kill('SIGKILL');
    await thaw.ended;
    process.kill(gpgPid, 'SIGKILL');
    expect(await filesHolding(stand.folder, [passphrase])).toEqual([]);
    writeFileSync(join(stand.folder, 'hurry'), '');
    const resumed = await runThaw({ args: ['resume', '--yes', '--plain'], env: env(), cwd: stand.folder });
    expect(resumed.text).toContain('decrypted and authenticated to its end, with gpg');
    expect(homes()).toEqual([]);
    expect(await filesHolding(stand.folder, [passphrase])).toEqual([]);
  });
});

describe('what a run leaves in the log folder', () => {
  it('is of its user alone, whatever the umask: it tells where everything is', () => {
    const open = execFileSync(
      'find',
      ['restore-logs', '-mindepth', '1', '-perm', '/077', '-printf', '%m %p\\n'],
      { cwd: stand.folder, encoding: 'utf8' },
    );
    expect(open).toBe('');
    expect(
      execFileSync('find', ['restore-logs', '-type', 'f'], { cwd: stand.folder, encoding: 'utf8' }),
    ).toMatch(/journal\.jsonl[\s\S]*record\.md|record\.md[\s\S]*journal\.jsonl/);
  });
});
