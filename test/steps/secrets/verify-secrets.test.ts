import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprintSecret } from '../../../src/backups/fingerprint.ts';
import { restoredFilesFact } from '../../../src/kinds/facts.ts';
import { stepId } from '../../../src/kinds/kind.ts';
import { restoreFilesKind } from '../../../src/steps/restore-files/kind.ts';
import { verifySecrets } from '../../../src/steps/secrets/verify-secrets.ts';
import { verifySecretsKind } from '../../../src/steps/secrets/verify-secrets-kind.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';

const key = randomBytes(32);

function stepWith(more: object = {}) {
  return verifySecretsKind.schema.parse({
    kind: 'verify-secrets',
    required: ['DATABASE_URL', 'ENCRYPTION_KEY'],
    probes: [
      {
        title: 'settings',
        secret: 'ENCRYPTION_KEY',
        query: 'SELECT value FROM system_settings;',
        layout: 'iv:tag:ciphertext',
        lossIfWrong: 'The OCR keys are lost.',
      },
    ],
    ...more,
  }) as never;
}

function encrypted(text: string, under = key): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', under, iv);
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()]);
  return [iv, cipher.getAuthTag(), ciphertext].map((part) => part.toString('hex')).join(':');
}

function contextWith(
  values: readonly (string | null)[],
  env = `DATABASE_URL=x\nENCRYPTION_KEY=${key.toString('hex')}\n`,
) {
  const context = createFakeContext({});
  context.world.host.files.set('/app/.env', Buffer.from(env));
  context.world.production.answers.set(
    'system_settings',
    values.map((value) => ({ value })),
  );
  return context;
}

const probeLine = async (values: readonly (string | null)[]) =>
  words(await verifySecrets.verify(stepWith(), contextWith(values))).at(-1);

describe('verifying secrets', () => {
  it('really decrypts rows with the key at hand', async () => {
    expect(await probeLine([encrypted('a'), encrypted('b'), null])).toBe(
      'passed: settings: ENCRYPTION_KEY decrypts 2 of 2 rows',
    );
  });

  it('fails for a key the data was not written with, and says what is lost', async () => {
    expect(await probeLine([encrypted('a', randomBytes(32)), encrypted('b')])).toBe(
      'failed: settings: ENCRYPTION_KEY decrypts only 1 of 2 rows. The OCR keys are lost.',
    );
  });

  it('fails for a wrong key even where another row is no encrypted value at all', async () => {
    expect(await probeLine(['plain', encrypted('a', randomBytes(32))])).toMatch(/^failed/);
  });

  it.each([
    ['there is nothing encrypted', [null], /could-not-verify: settings: there is no encrypted row/],
    [
      'the values are laid out otherwise',
      ['plain', 'plain'],
      /could-not-verify: settings: a value is not laid out as iv:tag:ciphertext/,
    ],
  ])('cannot verify where %s', async (_what, values, line) => {
    expect(await probeLine(values)).toMatch(line);
  });

  it('says every variable that is missing or empty', async () => {
    const context = contextWith([], 'OTHER=1\nENCRYPTION_KEY=\n');
    expect(await verifySecrets.verify(stepWith(), context)).toMatchObject({
      ok: false,
      failure: { code: 'not-found', message: '/app/.env has no DATABASE_URL, ENCRYPTION_KEY.' },
    });
    expect(words(await verifySecrets.check(stepWith(), context))[0]).toMatch(/^failed: .*DATABASE_URL/);
  });

  it('compares fingerprints with the runbook, and shows no secret', async () => {
    const right = await fingerprintSecret({ name: 'ENCRYPTION_KEY', value: key.toString('hex') });
    const context = contextWith([encrypted('a')]);
    const lines = async (fingerprint: string) => {
      const checked = words(
        await verifySecrets.verify(stepWith({ fingerprints: { ENCRYPTION_KEY: fingerprint } }), context),
      );
      expect(checked.join('\n')).not.toContain(key.toString('hex'));
      return checked[1];
    };
    expect(await lines(right)).toBe(`passed: ENCRYPTION_KEY has the expected fingerprint ${right}`);
    expect(await lines('0000-0000')).toMatch(/^failed: .* instead of 0000-0000: The OCR keys are lost\./);
    expect(await lines('')).toMatch(/^could-not-verify/);
    expect(context.facts.get('secret-fingerprints:verify-secrets')).toEqual([
      { name: 'ENCRYPTION_KEY', found: right },
    ]);
  });

  it('says key or layout where nothing opens, and does not call lost what it cannot tell', async () => {
    const said = (await probeLine([encrypted('a', randomBytes(32))])) ?? '';
    expect(said).toMatch(
      /^failed: settings: ENCRYPTION_KEY decrypts only 0 of 1 rows: it is another key, or the values are laid out otherwise/,
    );
    expect(said).toMatch(/If it is the key: The OCR keys are lost\.$/);
  });

  it('finds a right key that the runbook describes wrongly, and says how it opens', async () => {
    const parts = encrypted('a').split(':');
    expect(await probeLine([[parts[0], parts[2], parts[1]].join(':')])).toBe(
      'passed: settings: ENCRYPTION_KEY decrypts 1 of 1 rows as iv:ciphertext:tag, its key read as hex; the runbook says iv:tag:ciphertext',
    );
  });

  describe('of an env file that comes with the files of the backup', () => {
    const bringing = restoreFilesKind.schema.parse({
      kind: 'restore-files',
      from: { kind: 'tree', prefix: 'app/' },
      into: '/app',
    });
    const contextOf = async (mode: 'live' | 'drill', brought?: string) => {
      const context = createFakeContext({ mode, steps: [bringing, stepWith()] });
      context.world.production.answers.set('system_settings', [{ value: encrypted('a') }]);
      if (brought === undefined) return context;
      const folder = mode === 'drill' ? '/scratch/files' : '/app';
      context.world.host.files.set(`${folder}/.env`, Buffer.from(brought));
      await context.record(restoredFilesFact(stepId(bringing)), {
        from: 'app/',
        namedTimeMs: 0,
        folder,
        summary: { files: 1, links: 0, folders: 0, sizeBytes: 1, listSha256: 'x', ownersKept: true },
      });
      return context;
    };
    const restored = `DATABASE_URL=x\nENCRYPTION_KEY=${key.toString('hex')}\n`;

    it('reads in a drill the restored file, and not the live one', async () => {
      const context = await contextOf('drill', restored);
      const live = `DATABASE_URL=x\nENCRYPTION_KEY=${randomBytes(32).toString('hex')}\n`;
      context.world.host.files.set('/app/.env', Buffer.from(live));
      const said = words(await verifySecrets.verify(stepWith(), context));
      expect(said[0]).toBe('passed: /scratch/files/.env has DATABASE_URL, ENCRYPTION_KEY');
    });

    it('fails a drill whose restored file lacks what the live one has', async () => {
      const context = await contextOf('drill', 'DATABASE_URL=x\n');
      context.world.host.files.set('/app/.env', Buffer.from(restored));
      expect(await verifySecrets.verify(stepWith(), context)).toMatchObject({
        ok: false,
        failure: { message: '/scratch/files/.env has no ENCRYPTION_KEY.' },
      });
    });

    it('is in nobody’s way on a blank host, and judges no file that is going to be replaced', async () => {
      const blank = words(await verifySecrets.check(stepWith(), await contextOf('live')));
      expect(blank).toEqual([
        'could-not-verify: /app/.env comes with the files of restore-files: it is read once they are there.',
      ]);
    });
  });
});
