import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BackupStand, startBackupStand } from '../../parts/backup-stand.ts';
import {
  type HttpReceiver,
  type SmtpReceiver,
  startHttpReceiver,
  startSmtpReceiver,
} from '../../parts/receivers.ts';
import { startThaw, thawHere } from '../../parts/thaw.ts';

/** What runs by a schedule, where nobody looks. */

let stand: BackupStand;
let hook: HttpReceiver;
let smtp: SmtpReceiver;

beforeAll(async () => {
  stand = await startBackupStand();
  hook = await startHttpReceiver();
  smtp = await startSmtpReceiver();
  await stand.backUp();
});
afterEach(() => {
  hook.received.length = 0;
  smtp.mails.length = 0;
});
afterAll(async () => {
  await Promise.all([hook?.close(), smtp?.close(), stand?.remove()]);
});

const alerts = () => [
  { kind: 'slack', webhook: `${hook.url}/slack` },
  { kind: 'pagerduty', routingKey: 'key', url: `${hook.url}/pager` },
  { kind: 'email', server: smtp.url, from: 'thaw@company.invalid', to: ['ops@company.invalid'] },
];
const write = (changes: Record<string, unknown> = {}) =>
  stand.writeRunbook({
    monitor: { alerts: alerts() },
    production: { database: { url: stand.production.urlOf('company') } },
    drill: { database: { url: stand.drill.urlOf('drill') } },
    ...changes,
  });
const thaw = (...args: readonly string[]) =>
  thawHere({ args: [...args], env: { HOME: stand.folder }, cwd: stand.folder });
const drill = (...more: readonly string[]) =>
  thaw('drill', stand.runbookFile, '--plain', '--yes', '--snapshot', 'latest', ...more);
const monitor = () => thaw('monitor', stand.runbookFile);
const told = (path: string) =>
  hook.received.filter((one) => one.path === path).map(({ body }) => JSON.stringify(body));
const fresh = () => rmSync(join(stand.folder, 'restore-logs'), { recursive: true, force: true });
const noServer = { database: { url: 'postgresql://nobody@127.0.0.1:9/drill' } };
/** As the stand has it, so that a drill of it ends well. */
const steps = [
  { kind: 'choose-snapshot' },
  { kind: 'fetch' },
  { kind: 'decrypt' },
  { kind: 'restore-database' },
];

describe('a drill that fails', () => {
  beforeAll(async () => {
    fresh();
    await write({ steps, drill: noServer });
  });

  it('is told once by every channel, with what is wrong, and again only when it is well', async () => {
    const first = await drill();
    expect(first.status, first.text).toBe(3);
    expect(told('/slack')).toHaveLength(1);
    expect(told('/slack')[0]).toMatch(
      /The drill of Company was refused by what is checked before it \(exit status 3\)/,
    );
    expect(told('/slack')[0]).toMatch(/failed: .*127\.0\.0\.1:9/);
    expect(told('/pager').join()).toContain('"event_action":"trigger"');
    expect(smtp.mails).toHaveLength(1);
    for (const _ of [2, 3]) expect((await drill()).status).toBe(3);
    expect(told('/slack')).toHaveLength(1);
    expect(smtp.mails).toHaveLength(1);
  });

  it('makes the monitor unhealthy, which counts them', async () => {
    const said = await monitor();
    expect(said.status, said.text).toBe(1);
    expect(said.text).toMatch(
      /critical: the newest drill, \S+-drill-?\d*, failed; none of the last 3 passed/,
    );
    expect(told('/slack').join()).toContain('the newest drill');
    hook.received.length = 0;
    expect((await monitor()).status).toBe(1);
    expect(told('/slack')).toEqual([]);
  });

  it('ends with the good one: one recovery from the drill, one from the monitor', async () => {
    await write({ steps });
    const good = await drill();
    expect(good.status, good.text).toBe(0);
    expect(told('/slack')).toHaveLength(1);
    expect(told('/slack')[0]).toContain('The drill of Company is well again');
    expect(told('/pager').join()).toContain('"event_action":"resolve"');
    expect(smtp.mails[0]?.data).toContain('[healthy] The drill of Company is well again');
    hook.received.length = 0;
    const said = await monitor();
    expect(said, said.text).toMatchObject({ status: 0, text: 'healthy\n' });
    expect(told('/slack')).toHaveLength(1);
    hook.received.length = 0;
    await drill();
    expect(told('/slack')).toEqual([]);
  });

  it('is told, too, when nobody answers it, when a value is missing, and when it is stopped by no person', async () => {
    const unanswered = await thaw('drill', stand.runbookFile, '--plain');
    expect(unanswered.status, unanswered.text).toBe(4);
    expect(told('/slack').join()).toContain('stopped at a question that nobody answered');
    await write({
      steps,
      inputs: { NOWHERE: { about: 'x' } },
      drill: { database: { url: `${'$'}{NOWHERE}` } },
    });
    fresh();
    hook.received.length = 0;
    const missing = await drill();
    expect(missing.status, missing.text).not.toBe(0);
    expect(told('/slack').join()).toContain('NOWHERE');
    await write({ steps });
    fresh();
    hook.received.length = 0;
    const stopped = startThaw({
      args: ['drill', stand.runbookFile, '--plain', '--yes', '--snapshot', 'latest'],
      env: { HOME: stand.folder },
      cwd: stand.folder,
    });
    await stopped.waitFor(/step 1 of 4/);
    stopped.kill('SIGTERM');
    const end = await stopped.ended;
    expect(end.status, end.text).toBe(5);
    expect(told('/slack').join()).toContain('The drill of Company was stopped');
  });

  it('is overdue where the runbook says how often one is to pass', async () => {
    fresh();
    await write({ steps, exercise: { every: '7d' } });
    // Drills of another host have another log.
    expect((await monitor()).text).toBe('healthy\n');
    expect((await drill()).status).toBe(0);
    expect((await monitor()).text).toBe('healthy\n');
    await write({ steps, exercise: { every: '1s' } });
    await sleep(1_500);
    const late = await monitor();
    expect(late.status, late.text).toBe(1);
    expect(late.text).toMatch(
      /warning: no drill passed within 1 s, as the runbook asks: the last one that did is/,
    );
    fresh();
    await write({ steps, drill: noServer, exercise: { every: '7d' } });
    expect((await drill()).status).toBe(3);
    expect((await monitor()).text).toMatch(/no drill passed within 7 d\b.*: there is none that did/);
  });
});

describe('verify, prune and backup', () => {
  beforeAll(async () => {
    fresh();
    await write({ steps });
  });

  it('tell of a dump that is not what its manifest says, and the monitor knows of it', async () => {
    const path = join(stand.backups, stand.newest().dump.key);
    const before = readFileSync(path);
    const broken = Buffer.from(before);
    broken[Math.floor(broken.length / 2)] = (broken[Math.floor(broken.length / 2)] ?? 0) ^ 0xff;
    writeFileSync(path, broken);
    const bad = await thaw('verify', stand.runbookFile);
    writeFileSync(path, before);
    expect(bad.status, bad.text).toBe(1);
    expect(told('/slack')).toHaveLength(1);
    expect(told('/slack')[0]).toContain('The verification of Company failed (exit status 1)');
    expect(told('/slack')[0]).toContain(stand.newest().dump.key.slice(3, 12));
    const said = await monitor();
    expect(said.text).toMatch(/critical: the newest verification, \S+, failed/);
    expect(said.status).toBe(1);
    hook.received.length = 0;
    const good = await thaw('verify', stand.runbookFile);
    expect(good.status, good.text).toBe(0);
    expect(told('/slack')).toHaveLength(1);
    expect(told('/slack')[0]).toContain('The verification of Company is well again');
    expect((await monitor()).text).toBe('healthy\n');
  });

  it('tell of a store that is gone, and of a backup that cannot be made', async () => {
    renameSync(stand.backups, `${stand.backups}-away`);
    const pruned = await thaw('prune', stand.runbookFile);
    renameSync(`${stand.backups}-away`, stand.backups);
    expect(pruned.status, pruned.text).toBe(1);
    expect(told('/slack').join()).toContain('The pruning of Company failed');
    hook.received.length = 0;
    const shown = await thaw('prune', stand.runbookFile, '--dry-run');
    expect(shown.status, shown.text).toBe(0);
    expect(told('/slack')).toEqual([]);
    await write({ steps, production: { database: { url: 'postgresql://nobody@127.0.0.1:9/company' } } });
    const backup = await thaw('backup', stand.runbookFile);
    await write({ steps });
    expect(backup.status, backup.text).toBe(1);
    expect(told('/slack').join()).toContain('The backup of Company failed');
    expect(told('/pager').join()).toContain('thaw-backup-company');
  });

  it('say what did not arrive and try it again, and never hide how the command itself ended', async () => {
    await write({ steps, drill: noServer });
    hook.answer(500);
    const refused = await drill();
    expect(refused.status, refused.text).toBe(3);
    expect(refused.text).toContain('The alert does not reach the Slack webhook at 127.0.0.1');
    hook.answer(202);
    hook.received.length = 0;
    smtp.mails.length = 0;
    expect((await drill()).status).toBe(3);
    expect(told('/slack')).toHaveLength(1);
    // Mail has arrived the first time.
    expect(smtp.mails).toEqual([]);
    await write({ steps });
    hook.answer(500);
    const well = await drill();
    hook.answer(202);
    expect(well.status, well.text).toBe(1);
    expect((await drill()).status).toBe(0);
    expect(told('/slack').at(-1)).toContain('is well again');
  });

  it('say that they cannot keep what they found, since nobody would know of it', async () => {
    const jobs = join(stand.folder, 'restore-logs', '.jobs');
    expect(readdirSync(jobs).sort()).toContain('company.verify.json');
    rmSync(jobs, { recursive: true });
    writeFileSync(jobs, 'no folder');
    const said = await thaw('verify', stand.runbookFile);
    rmSync(jobs);
    expect(said.status, said.text).toBe(1);
    expect(said.text).toMatch(/\.jobs/);
    expect(existsSync(jobs)).toBe(false);
  });

  it('keep no secret in an alert or beside the records', async () => {
    await write({
      steps,
      inputs: { DRILL_PASSWORD: { about: 'x', secret: true } },
      drill: { database: { url: `postgresql://nobody:${'$'}{DRILL_PASSWORD}@127.0.0.1:9/drill` } },
    });
    fresh();
    const env = { HOME: stand.folder, DRILL_PASSWORD: 'CANARY-of-the-drill' };
    const args = ['drill', stand.runbookFile, '--plain', '--yes', '--snapshot', 'latest'];
    const end = await thawHere({ args, env, cwd: stand.folder });
    expect(end.status, end.text).toBe(3);
    expect(told('/slack')).toHaveLength(1);
    const kept = readFileSync(join(stand.folder, 'restore-logs/.jobs/company.drill.json'), 'utf8');
    expect(`${told('/slack')} ${kept}`).not.toContain('CANARY');
  });
});
