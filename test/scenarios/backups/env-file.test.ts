import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BackupStand, startBackupStand } from '../../parts/backup-stand.ts';

let stand: BackupStand;

beforeAll(async () => {
  stand = await startBackupStand();
});
afterAll(() => stand.remove());

const [right, wrong] = ['ENCRYPTION_KEY=k3yPart#one\n', 'ENCRYPTION_KEY=k3yPart#two\n'];

describe('a key with a number sign in it', () => {
  it('that differs behind it has another fingerprint, and is refused before anything is touched', async () => {
    writeFileSync(stand.envFile, right);
    expect(await stand.backUp()).toContain('Node would read another value of ENCRYPTION_KEY');
    const checked = await stand.thaw('check', stand.runbookFile);
    expect(checked.text).toContain('ENCRYPTION_KEY has the expected fingerprint');
    expect(checked.text).toContain('Node would read another value of ENCRYPTION_KEY');
    const one = await stand.thaw('fingerprint', stand.envFile, 'ENCRYPTION_KEY');
    writeFileSync(stand.envFile, wrong);
    const two = await stand.thaw('fingerprint', stand.envFile, 'ENCRYPTION_KEY');
    expect(two.text).not.toBe(one.text);
    const refused = await stand.thaw('check', stand.runbookFile);
    expect(refused.text).not.toContain('has the expected fingerprint');
    expect(refused.text).toMatch(/ENCRYPTION_KEY has the fingerprint \S+ instead of/);
    for (const { text } of [checked, refused, one, two]) expect(text).not.toMatch(/k3yPart/);
  });

  it('is taken whole from a file given with --env-file', async () => {
    const { backups } = stand;
    await stand.writeRunbook({
      inputs: { PLACE: { about: 'Where the backups are.', secret: false } },
      backups: {
        store: { kind: 'directory', path: `\${PLACE}` },
        dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
        objects: { prefix: 'objects/' },
      },
    });
    writeFileSync(`${stand.folder}/given.env`, `PLACE=${backups}#other # not ${backups}\n`);
    const listed = await stand.thaw(
      'snapshots',
      stand.runbookFile,
      '--env-file',
      `${stand.folder}/given.env`,
    );
    expect(listed.text).toContain(`${backups}#other`);
    expect(listed.status).not.toBe(0);
  });

  it('in a file that Compose refuses is told by its line, without a word of what stands there', async () => {
    await stand.writeRunbook();
    writeFileSync(stand.envFile, 'SESSION=x\nENCRYPTION_KEY="k3yPart#one\n');
    const refused = await stand.thaw('check', stand.runbookFile);
    expect(refused.text).toContain('line 2 has a quote that is never closed in the value of ENCRYPTION_KEY');
    expect(refused.text).not.toContain('k3yPart');
    expect(refused.status).toBe(3);
  });
});
