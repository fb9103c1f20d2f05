import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { incomingNames } from '../../../src/operations/incoming-database.ts';
import type { Inventory } from '../../../src/ports/database-server.ts';
import type { Question } from '../../../src/ports/operator.ts';
import { restoreDatabase } from '../../../src/steps/restore-database/restore-database.ts';
import { verifySecretsKind } from '../../../src/steps/secrets/verify-secrets-kind.ts';
import { toyStep } from '../../engine/toy-handlers.ts';
import { createFakeContext, type FakeContext, runId, words } from '../../fakes/fake-context.ts';
import { createFakeWorld } from '../../fakes/fake-world.ts';

const step = toyStep('restore-database') as never;
const { incoming, kept } = incomingNames(runId, 'crm');
const whole: Inventory = {
  tables: ['clients', 'receipts'].map((name) => ({ schema: 'public', name, rows: 7 })),
  sequences: [],
  extensions: [],
};
const archive = Buffer.from('PGDMP');
const facts = {
  snapshot: {
    id: '14',
    key: 'pg/14',
    takenAtMs: 0,
    sizeBytes: 1,
    layers: [],
    loss: 'You lose 40 minutes.',
  },
  'archive-file': {
    path: '/scratch/archive.dump',
    sizeBytes: archive.length,
    sha256: createHash('sha256').update(archive).digest('hex'),
    how: 'x',
  },
};

/** pg_restore fills the incoming database with these tables. */
function contextWith(request: Parameters<typeof createFakeContext>[0] = {}, inventory = whole): FakeContext {
  const world = request.world ?? createFakeWorld();
  world.host.files.set(facts['archive-file'].path, archive);
  world.tools.restored = (database) => {
    for (const server of [world.production, world.sandbox]) {
      const found = server.databases.get(database);
      if (found !== undefined) server.databases.set(database, { ...found, content: 'restored', inventory });
    }
  };
  return createFakeContext({ answer: () => 'crm', ...request, world, facts: { ...facts, ...request.facts } });
}

const contents = ({ world }: FakeContext) =>
  Object.fromEntries([...world.production.databases].map(([name, { content }]) => [name, content]));

describe('restoring the database', () => {
  it('restores beside the old one, asks for its exact name, and swaps the two', async () => {
    const context = contextWith();
    expect(await restoreDatabase.run(step, context)).toMatchObject({ ok: true });
    expect(context.asked).toMatchObject([
      { kind: 'type-name', id: 'restore-database.swap', name: 'crm', body: ['You lose 40 minutes.'] },
    ]);
    expect(contents(context)).toEqual({ crm: 'restored', [kept]: 'ruined' });
    expect(words(await restoreDatabase.verify(step, context)).at(-1)).toBe(
      `passed: crm is the restored database; the old one is kept as ${kept}`,
    );
    expect(context.commands[0]).toBe(`CREATE DATABASE ${incoming} TEMPLATE template0`);
  });

  it('leaves everything in place when the name is not typed, and asks again without restoring anew', async () => {
    const world = createFakeWorld();
    const first = contextWith({ world, answer: () => 'no' });
    expect(await restoreDatabase.run(step, first)).toMatchObject({
      ok: false,
      failure: { code: 'cancelled' },
    });
    expect(contents(first)).toEqual({ crm: 'ruined', [incoming]: 'restored' });
    const again = contextWith({ world, facts: Object.fromEntries(first.facts) });
    expect((await restoreDatabase.run(step, again)).ok).toBe(true);
    expect(world.production.changes.filter((change) => change.startsWith('create'))).toHaveLength(1);
    expect(contents(again)).toEqual({ crm: 'restored', [kept]: 'ruined' });
  });

  it('does not swap while another run holds the target, and can be tried again', async () => {
    const context = contextWith();
    context.world.production.failNext('lease', {
      code: 'conflict',
      message: 'Another run holds it.',
      remedy: 'Wait for it.',
      retry: 'safe',
    });
    expect(await restoreDatabase.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'conflict' },
    });
    expect(contents(context)).toEqual({ crm: 'ruined', [incoming]: 'restored' });
    expect((await restoreDatabase.run(step, context)).ok).toBe(true);
    expect(contents(context)).toEqual({ crm: 'restored', [kept]: 'ruined' });
  });

  it('restores anew when another snapshot was chosen meanwhile', async () => {
    const world = createFakeWorld();
    const first = contextWith({ world, answer: () => 'no' });
    await restoreDatabase.run(step, first);
    const other = { ...facts.snapshot, key: 'pg/13' };
    const again = contextWith({ world, facts: { ...Object.fromEntries(first.facts), snapshot: other } });
    expect((await restoreDatabase.run(step, again)).ok).toBe(true);
    expect(world.production.changes.filter((change) => change.startsWith('create'))).toHaveLength(2);
  });

  it('makes the database where there is none yet, and keeps nothing aside', async () => {
    const context = contextWith();
    context.world.production.databases.clear();
    expect((await restoreDatabase.run(step, context)).ok).toBe(true);
    expect(contents(context)).toEqual({ crm: 'restored' });
  });

  it('never drops a database of its name that somebody else made', async () => {
    const context = contextWith();
    context.world.production.databases.set(incoming, { content: 'years of work', comment: 'mine' });
    expect(await restoreDatabase.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'conflict' },
    });
    expect(contents(context)[incoming]).toBe('years of work');
  });

  it('takes its own database back that a crash left without its comment', async () => {
    const context = contextWith({ facts: { 'incoming-database': { name: incoming } } });
    context.world.production.databases.set(incoming, { content: 'half' });
    expect((await restoreDatabase.run(step, context)).ok).toBe(true);
    expect(contents(context)).toEqual({ crm: 'restored', [kept]: 'ruined' });
  });

  it('does not offer the swap when a table of the archive is missing', async () => {
    const lacking = { ...whole, tables: whole.tables.slice(1) };
    const context = contextWith({}, lacking);
    expect(await restoreDatabase.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'not-verified', message: 'tables of the archive are missing: public.clients' },
    });
    expect(context.asked).toEqual([]);
    expect(contents(context).crm).toBe('ruined');
  });

  it('gives the swap up when it could not begin, so that another snapshot may be chosen', async () => {
    const context = contextWith();
    context.world.production.failNext('rename', {
      code: 'conflict',
      message: 'In use.',
      remedy: 'Retry.',
      retry: 'safe',
    });
    expect((await restoreDatabase.run(step, context)).ok).toBe(false);
    expect(context.facts.get('swapping')).toBeNull();
    expect(context.world.production.databases.get('crm')?.allowsConnections).toBe(true);
  });

  it('renames nothing under writers that came back after the name was typed', async () => {
    const writers = toyStep('stop-writers');
    const names = { target: 'crm', incoming, kept, hadTarget: true };
    const down = { settle: '1s', services: ['web'], alone: true };
    const context = contextWith({
      steps: [writers],
      facts: { swapping: names, 'writers-down:stop-writers': down },
      answer: () => 'give-up',
    });
    context.world.production.databases.set(incoming, { content: 'restored', comment: `thaw run ${runId}` });
    expect(await restoreDatabase.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'conflict', message: expect.stringContaining('web is running again') },
    });
    expect(context.asked.map(({ id }) => id)).toEqual(['stop-writers.back']);
    expect(contents(context)).toEqual({ crm: 'ruined', [incoming]: 'restored' });
    expect(context.facts.get('swapping')).toBeNull();
  });

  it('ends a swap that a crash left half done, without asking again', async () => {
    const names = { target: 'crm', incoming, kept, hadTarget: true };
    const context = contextWith({ facts: { swapping: names } });
    context.world.production.databases.clear();
    context.world.production.databases.set(incoming, { content: 'restored', comment: `thaw run ${runId}` });
    context.world.production.databases.set(kept, { content: 'ruined' });
    expect((await restoreDatabase.run(step, context)).ok).toBe(true);
    expect(context.asked).toEqual([]);
    expect(contents(context)).toEqual({ crm: 'restored', [kept]: 'ruined' });
  });
});

describe('what pg_restore says', () => {
  const harmless = { weight: 'harmless', text: 'schema public exists', reason: 'it always does' } as const;
  const open = { weight: 'needs-decision', text: 'role "portal" does not exist' } as const;
  const fatal = { weight: 'fatal', text: 'could not write' } as const;

  it.each([
    ['nothing but harmless things', [harmless], 1, true],
    ['an error', [harmless, fatal], 1, false],
    ['nothing, and ends badly', [], 1, false],
  ])('is %s', async (_what, messages, exitCode, ok) => {
    const context = contextWith();
    context.world.tools.report = { messages, exitCode, entriesDone: 3 };
    expect((await restoreDatabase.run(step, context)).ok).toBe(ok);
    expect(contents(context).crm).toBe(ok ? 'restored' : 'ruined');
  });

  it.each([
    ['accept', true],
    ['stop', false],
  ])('is for a person to decide: %s', async (answer, ok) => {
    const context = contextWith({ answer: ({ kind }) => (kind === 'type-name' ? 'crm' : answer) });
    context.world.tools.report = { messages: [open], exitCode: 1, entriesDone: 3 };
    expect((await restoreDatabase.run(step, context)).ok).toBe(ok);
    if (!ok) return;
    const checks = words(await restoreDatabase.verify(step, context));
    expect(checks).toContain(
      'could-not-verify: messages accepted by the operator: role "portal" does not exist',
    );
  });
});

describe('a drill of the restore', () => {
  it('touches the sandbox alone, asks nothing, and takes away what it made', async () => {
    const context = contextWith({ mode: 'drill' });
    expect((await restoreDatabase.run(step, context)).ok).toBe(true);
    expect([...context.world.sandbox.databases.keys()]).toEqual([incoming]);
    expect(context.asked).toEqual([]);
    expect(words((await restoreDatabase.cleanUp?.(step, context)) ?? [])).toEqual([
      `passed: throwaway database ${incoming} dropped`,
    ]);
    expect(context.world.sandbox.databases.size).toBe(0);
    expect(context.world.production.changes).toEqual([]);
  });

  it('is blocked on production, whatever name leads there', async () => {
    const context = contextWith({ mode: 'drill' });
    const sandbox = { ...context.world.sandbox, identity: context.world.production.identity };
    const world = {
      ...context.world,
      openDatabaseServer: (url: { reveal(): string }) =>
        url.reveal().includes('sandbox') ? sandbox : context.world.production,
    };
    const checks = words(await restoreDatabase.check(step, { ...context, world } as never));
    expect(checks).toEqual([expect.stringMatching(/^failed: The drill's server sandbox:5432 is production/)]);
  });
});

describe('the names beside the target', () => {
  it('are of this run alone, and never longer than PostgreSQL takes', () => {
    const long = incomingNames(runId, 'x'.repeat(80));
    for (const name of Object.values(long)) expect(name.length).toBeLessThanOrEqual(63);
    expect(new Set(Object.values(long)).size).toBe(4);
    expect(incomingNames('another run', 'crm').incoming).not.toBe(incoming);
  });
});

describe('discarding a live run', () => {
  const clean = (context: FakeContext) => restoreDatabase.cleanUp?.(step, context);

  it('drops the database beside, and touches no other', async () => {
    const context = contextWith({ answer: () => 'no' });
    await restoreDatabase.run(step, context);
    expect(words((await clean(context)) ?? [])).toEqual([`passed: throwaway database ${incoming} dropped`]);
    expect(contents(context)).toEqual({ crm: 'ruined' });
    expect(await clean(context)).toEqual([]);
  });

  it('leaves everything as it is once the databases were swapped', async () => {
    const context = contextWith();
    await restoreDatabase.run(step, context);
    expect(await clean(context)).toEqual([]);
    expect(contents(context)).toEqual({ crm: 'restored', [kept]: 'ruined' });
  });

  it('is refused in the middle of a swap: the one beside is the only one that can take the place', async () => {
    const world = createFakeWorld();
    const context = contextWith({ world });
    await restoreDatabase.run(step, contextWith({ world, answer: () => 'no' }));
    context.facts.set('swapping', { target: 'crm', incoming, kept, hadTarget: true });
    await world.production.renameDatabases([{ from: 'crm', to: kept }]);
    expect(contents(context)).toEqual({ [kept]: 'ruined', [incoming]: 'restored' });
    expect(words((await clean(context)) ?? [])).toEqual([
      'failed: the swap of crm was begun and has not ended',
    ]);
    expect(contents(context)).toEqual({ [kept]: 'ruined', [incoming]: 'restored' });
  });
});

describe('a key that a later step proves', () => {
  const secretsStep = verifySecretsKind.schema.parse({
    kind: 'verify-secrets',
    required: ['ENCRYPTION_KEY'],
    probes: [
      {
        title: 'settings',
        secret: 'ENCRYPTION_KEY',
        query: 'SELECT value FROM system_settings',
        layout: 'iv:tag:ciphertext',
        lossIfWrong: 'The OCR keys are lost.',
      },
    ],
  });
  const key = randomBytes(32);

  function contextWithKey(used: Buffer, answer: (question: Question) => string): FakeContext {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const ciphertext = Buffer.concat([cipher.update('secret'), cipher.final()]);
    const value = [iv, cipher.getAuthTag(), ciphertext].map((part) => part.toString('hex')).join(':');
    const context = contextWith({ steps: [secretsStep], answer });
    context.world.host.files.set('/app/.env', Buffer.from(`ENCRYPTION_KEY=${used.toString('hex')}\n`));
    context.world.production.answers.set('system_settings', [{ value }]);
    return context;
  }

  it('is tried on the restored rows, and the question of the swap says so', async () => {
    const context = contextWithKey(key, () => 'crm');
    expect((await restoreDatabase.run(step, context)).ok).toBe(true);
    expect(context.asked).toMatchObject([
      {
        kind: 'type-name',
        facts: expect.arrayContaining([
          { label: 'checked', value: 'settings: ENCRYPTION_KEY decrypts 1 of 1 rows' },
        ]),
      },
    ]);
  });

  it('stops before the swap when it opens nothing, and tries again on a retry without restoring anew', async () => {
    let answer = 'stop';
    const context = contextWithKey(randomBytes(32), () => answer);
    expect(await restoreDatabase.run(step, context)).toMatchObject({
      ok: false,
      failure: {
        code: 'not-verified',
        message: expect.stringMatching(
          /^settings: ENCRYPTION_KEY decrypts only 0 of 1 rows: it is another key, or .* If it is the key: The OCR keys are lost\.$/,
        ),
      },
    });
    expect(contents(context)).toEqual({ crm: 'ruined', [incoming]: 'restored' });
    context.world.host.files.set('/app/.env', Buffer.from(`ENCRYPTION_KEY=${key.toString('hex')}\n`));
    answer = 'crm';
    expect((await restoreDatabase.run(step, context)).ok).toBe(true);
    expect(context.world.production.changes.filter((change) => change.startsWith('create'))).toHaveLength(1);
    expect(contents(context)).toEqual({ crm: 'restored', [kept]: 'ruined' });
  });

  it('can be given up with a reason, and the question of the swap still names it', async () => {
    const context = contextWithKey(randomBytes(32), ({ kind }) => (kind === 'choose' ? 'accept' : 'crm'));
    expect((await restoreDatabase.run(step, context)).ok).toBe(true);
    expect(context.asked.map(({ id }) => id)).toEqual(['restore-database.keys', 'restore-database.swap']);
    expect(JSON.stringify(context.asked[1])).toContain(
      'failed: settings: ENCRYPTION_KEY decrypts only 0 of 1',
    );
    expect(contents(context)).toEqual({ crm: 'restored', [kept]: 'ruined' });
  });
});
