import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/base/failure.ts';
import type { Mode } from '../../../src/base/mode.ts';
import type { Step } from '../../../src/kinds/kind.ts';
import { openSecrets } from '../../../src/steps/secrets/open-secrets.ts';
import { type OpenSecretsStep, openSecretsKind } from '../../../src/steps/secrets/open-secrets-kind.ts';
import { verifySecrets } from '../../../src/steps/secrets/verify-secrets.ts';
import { type VerifySecretsStep, verifySecretsKind } from '../../../src/steps/secrets/verify-secrets-kind.ts';
import { createFakeContext, type FakeContext, words } from '../../fakes/fake-context.ts';

const sealed =
  'DATABASE_URL=postgresql://crm:from-the-repository@db/crm\nPEPPER=pepper-of-the-data\nPORT=8080\n';
const path = '/repo/secrets.env';
const kept = /^\/app\/\.env\.before-[0-9a-f]{6}$/;

function openStep(more: object = {}): OpenSecretsStep {
  return openSecretsKind.schema.parse({
    kind: 'open-secrets',
    from: path,
    ageIdentityFile: '/etc/age.key',
    required: ['DATABASE_URL', 'PEPPER'],
    ...more,
  }) as OpenSecretsStep;
}

const verifyStep = verifySecretsKind.schema.parse({
  kind: 'verify-secrets',
  required: ['DATABASE_URL', 'PEPPER'],
}) as VerifySecretsStep;

function contextWith(given: {
  readonly mode?: Mode;
  readonly holds?: string | Failure;
  readonly inPlace?: string;
  readonly steps?: readonly Step[];
}): FakeContext {
  const { mode = 'live', holds = sealed, steps = [openStep(), verifyStep] } = given;
  const context = createFakeContext({ mode, steps });
  context.world.secretFiles.sealed.set(path, holds);
  if (given.inPlace !== undefined) context.world.host.files.set('/app/.env', Buffer.from(given.inPlace));
  return context;
}

const namesOf = (context: FakeContext) => [...context.world.host.files.keys()].sort();
const inPlace = (context: FakeContext) => context.world.host.files.get('/app/.env')?.toString();

async function walk(context: FakeContext, step = openStep()) {
  const ran = await openSecrets.run(step, context);
  return ran.ok ? words(await openSecrets.verify(step, context)) : [`failure ${ran.failure.message}`];
}

const damaged: Failure = {
  code: 'damaged',
  message: 'secrets.env was changed.',
  remedy: 'Take an earlier one.',
  retry: 'after-fix',
};

describe('opening secrets in a live run', () => {
  it('puts the opened file in place, and says whose it is', async () => {
    const context = contextWith({});
    expect(await walk(context)).toEqual([
      'passed: /repo/secrets.env opens with /etc/age.key, and its MAC holds',
      'passed: /repo/secrets.env has DATABASE_URL, PEPPER',
      'passed: /app/.env holds what /repo/secrets.env holds, byte for byte',
      "passed: /app/.env is its owner's alone: mode 0600",
    ]);
    expect(inPlace(context)).toBe(sealed);
    expect(context.said).toEqual(['/app/.env is new.']);
    expect(context.commands).toEqual(['sops --decrypt /repo/secrets.env']);
  });

  it('keeps another file that is there, and says so beforehand by the names that differ', async () => {
    const context = contextWith({ inPlace: 'DATABASE_URL=postgresql://crm:old@db/crm\nPORT=8080\nGONE=1\n' });
    const before = words(await openSecrets.check(openStep(), context));
    expect(before.at(-1)).toMatch(
      /^passed: \/app\/\.env is another than \/repo\/secrets\.env: DATABASE_URL, GONE, PEPPER; it will be kept as \/app\/\.env\.before-/,
    );
    const checks = await walk(context);
    const [old = ''] = namesOf(context).filter((name) => kept.test(name));
    expect(context.world.host.files.get(old)?.toString()).toContain('GONE=1');
    expect(checks.at(-1)).toBe(`passed: the file that was there is kept as ${old}`);
    expect(context.said).toEqual([`/app/.env was another file: it is kept as ${old}.`]);
  });

  it('has nothing to do where the same file is there, and comes to the same end a second time', async () => {
    const context = contextWith({ inPlace: sealed });
    const checks = await walk(context);
    expect(context.said).toEqual(['/app/.env is there already, the same.']);
    expect(await walk(context)).toEqual(checks);
    expect(namesOf(context)).toEqual(['/app/.env']);
  });

  it('touches nothing where the file does not open, or lacks a name', async () => {
    for (const holds of [damaged, 'DATABASE_URL=x\nPEPPER=\n']) {
      const context = contextWith({ holds, inPlace: 'A=old\n' });
      const [failure] = await walk(context);
      expect(failure).toMatch(/secrets\.env (was changed|opens, and has no PEPPER)\./);
      const checks = words(await openSecrets.check(openStep(), context));
      expect(checks.at(-1)).toMatch(/^failed: .*secrets\.env/);
      expect(inPlace(context)).toBe('A=old\n');
      expect(namesOf(context)).toEqual(['/app/.env']);
    }
  });

  it('fails when others get at the file in place, or when it was changed since', async () => {
    const context = contextWith({});
    await walk(context);
    context.world.host.modes.set('/app/.env', 0o644);
    expect(words(await openSecrets.verify(openStep(), context))).toContain(
      'failed: /app/.env has the mode 0644: others than its owner get at it',
    );
    context.world.host.files.set('/app/.env', Buffer.from(`${sealed}MORE=1\n`));
    expect(words(await openSecrets.verify(openStep(), context))).toContain(
      'failed: /app/.env does not hold what /repo/secrets.env holds',
    );
  });

  it('has every value masked before anything else is said, and no ordinary word', async () => {
    const context = contextWith({ inPlace: 'A=1\n' });
    await openSecrets.check(openStep(), context);
    expect(context.masked).toEqual(
      expect.arrayContaining([
        'from-the-repository',
        'pepper-of-the-data',
        expect.stringContaining('://crm:'),
      ]),
    );
    expect(context.masked).not.toContain('8080');
    expect(JSON.stringify([context.said, context.commands])).not.toContain('from-the-repository');
  });

  it('goes on with the plain file where no encrypted one is named, and stops where neither is there', async () => {
    const step = openStep({ from: '' });
    const context = contextWith({ inPlace: 'A=1\n', steps: [step, verifyStep] });
    expect(words(await openSecrets.check(step, context))).toEqual([
      'passed: /app/.env is there; no encrypted file is named',
    ]);
    expect(await openSecrets.run(step, context)).toMatchObject({ value: { kind: 'not-executed' } });
    expect(context.world.secretFiles.opened).toBe(0);
    const bare = words(await openSecrets.check(step, contextWith({})));
    expect(bare).toEqual([
      'failed: There is no /app/.env, and no encrypted file is named that it could be opened from.',
    ]);
  });
});

describe('opening secrets in a drill', () => {
  it('judges them in memory and writes nothing', async () => {
    const context = contextWith({ mode: 'drill' });
    expect(await walk(context)).toEqual([
      'passed: /repo/secrets.env opens with /etc/age.key, and its MAC holds',
      'passed: /repo/secrets.env has DATABASE_URL, PEPPER',
      'passed: there is no /app/.env on this host; nothing was written',
    ]);
    expect(namesOf(context)).toEqual([]);
  });

  it('cannot say which is right where the file in place is another', async () => {
    const context = contextWith({ mode: 'drill', inPlace: sealed.replace('pepper-of', 'pepper-before') });
    expect((await walk(context)).at(-1)).toBe(
      'could-not-verify: /app/.env is another than /repo/secrets.env: PEPPER',
    );
    expect(inPlace(context)).toContain('pepper-before');
  });
});

describe('verifying secrets that are still to be opened', () => {
  it('looks at what will be put in place before it is there', async () => {
    const checks = words(await verifySecrets.check(verifyStep, contextWith({})));
    expect(checks[0]).toBe('passed: /repo/secrets.env has DATABASE_URL, PEPPER');
  });

  it('looks at what was opened in a drill, and at the file itself in a live run', async () => {
    const drilled = await verifySecrets.verify(verifyStep, contextWith({ mode: 'drill' }));
    expect(words(drilled)[0]).toBe('passed: /repo/secrets.env has DATABASE_URL, PEPPER');
    const notThere = await verifySecrets.verify(verifyStep, contextWith({}));
    expect(words(notThere)).toEqual(['failure not-found: There is no /app/.env.']);
  });

  it('is told why they do not open', async () => {
    const checks = words(await verifySecrets.check(verifyStep, contextWith({ holds: damaged })));
    expect(checks).toEqual(['failed: secrets.env was changed.']);
  });
});
