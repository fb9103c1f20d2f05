import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { askInputs } from '../../src/plain/ask-inputs.ts';
import type { InputRequest } from '../../src/session/missing-input.ts';

const inputs: InputRequest = {
  mode: 'live',
  title: 'Port Nimara CRM',
  missing: [
    { name: 'BACKUP_S3_BUCKET', about: 'the bucket with the dumps', secret: false },
    { name: 'BACKUP_GPG_PASSPHRASE', about: 'passphrase of the backup key', secret: true },
  ],
};

function ask() {
  const input = new PassThrough();
  const output = new PassThrough();
  let shown = '';
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
  });
  return { input, shown: () => shown, answered: askInputs({ inputs, input, output }) };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('Values that are missing, asked for line by line', () => {
  test('each is named with what it is for, and a secret is not echoed', async () => {
    const { input, shown, answered } = ask();
    await soon();
    input.write('backups\r');
    await soon();
    input.write('correct horse\r');
    expect(await answered).toEqual(
      new Map([
        ['BACKUP_S3_BUCKET', 'backups'],
        ['BACKUP_GPG_PASSPHRASE', 'correct horse'],
      ]),
    );
    expect(shown()).toContain('LIVE Port Nimara CRM: 2 values are missing.');
    expect(shown()).toContain('BACKUP_GPG_PASSPHRASE, passphrase of the backup key (not shown): ');
    expect(shown()).toContain('backups');
    expect(shown()).not.toMatch(/correct|horse/);
  });

  test('an empty line gives up', async () => {
    const { input, answered } = ask();
    await soon();
    input.write('\r');
    expect(await answered).toBeUndefined();
  });

  test('a keyboard that goes away gives up, and nothing hangs', async () => {
    const { input, answered } = ask();
    await soon();
    input.end();
    expect(await answered).toBeUndefined();
  });
});
