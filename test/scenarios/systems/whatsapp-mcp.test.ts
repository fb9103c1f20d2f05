import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpReceiver } from '../../parts/receivers.ts';
import { checksOf, filesHolding, readRecord } from '../../parts/run-log.ts';
import {
  countsSql,
  day,
  mediaDigests,
  mediaFiles,
  mediaPaths,
  startWhatsappMcp,
  type WhatsappMcp,
} from '../../parts/whatsapp-mcp.ts';

let system: WhatsappMcp;
const at = (path: string) => system.at(path);

beforeAll(async () => {
  system = await startWhatsappMcp();
  await mkdir(at('drills'));
});
afterAll(() => system?.stop());

/** One folder a test: runs of the same minute are told apart by their names alone. */
let chapter = '';
const logs = () => `logs-${chapter}`;

function thaw(backups: string, ...args: readonly string[]) {
  return system.thaw({ backups, logs: logs(), args });
}

const answers = [
  ...['--yes', '--snapshot', 'latest', '--confirm', 'wa_mcp', '--confirm', 'media'],
  ...['session', 'off-host'].flatMap((id) => [
    '--answer',
    `smoke-checklist.${id}=passed:looked at by the test`,
  ]),
];
const lastRecord = () => readRecord(at(logs()));
const indexLines = async () =>
  (await readFile(at(`${logs()}/backup-drills.md`), 'utf8'))
    .split('\n')
    .filter((line) => / DRILL /.test(line));

/** Whoever ran it: the date in UTC and the result, in one line. */
function lineSaying(result: string, name: string): RegExp {
  const date = String.raw`\| \d{4}-\d{2}-\d{2} \d{2}:\d{2} `;
  return new RegExp(`^${date}\\| DRILL \\| ${name} \\| ${result} \\| .* \\| \\[.*/record\\.md\\) \\|$`);
}

/** Production as the disaster left it. */
async function ruin(): Promise<void> {
  await system.stack.sql('DROP TABLE messages; DELETE FROM media_objects');
  await rm(at('media/3'), { recursive: true });
  await writeFile(at('media/0/voice 0.ogg'), 'encrypted by somebody else');
}

/** Neither a file of the run nor a line on the terminal. */
async function expectNoSecret(text: string): Promise<void> {
  expect(await filesHolding(at(logs()), system.secrets)).toEqual([]);
  expect(system.secrets.filter((secret) => text.includes(secret))).toEqual([]);
}

async function expectRestored(media: Readonly<Record<string, string>>): Promise<void> {
  expect(await system.stack.sql(countsSql)).toBe(system.before);
  expect(
    await system.stack.sql("SELECT count(*) FROM information_schema.columns WHERE column_name = 'reaction'"),
  ).toBe('1');
  expect(mediaDigests(at('media'))).toEqual(media);
  expect((await fetch(`http://127.0.0.1:${system.port}/health`)).status).toBe(200);
  expect(readFileSync(at('.env'), 'utf8')).toBe(system.plainSecrets);
  expect(statSync(at('.env')).mode & 0o777).toBe(0o600);
}

describe('WhatsApp MCP, with age, SOPS, rclone and media', () => {
  it('has its secrets encrypted with SOPS, or says aloud why not', () => {
    const { sops } = system;
    if ('absentBecause' in sops) process.stderr.write(`\nSOPS is NOT tried here: ${sops.absentBecause}.\n`);
    expect(existsSync(at('.env'))).toBe('absentBecause' in sops);
  });

  it('is not begun with an age key that others may read', async () => {
    await chmod(at('age.key'), 0o644);
    const end = await thaw(at('backups'), 'check', 'whatsapp-mcp-local');
    await chmod(at('age.key'), 0o400);
    expect(end.status, end.text).toBe(3);
    expect(end.text).toMatch(/age\.key is not kept as a secret: its mode 0644.*chmod 0400/s);
  });

  it('is drilled in the staging stack from the hard-linked folder, and leaves nothing there', async () => {
    chapter = 'drill';
    const end = await thaw(at('backups'), 'drill', 'whatsapp-mcp-local', '--snapshot', 'latest');
    const checks = checksOf(await lastRecord()).join('\n');
    expect(end.status, `${end.text}${checks}`).toBe(0);
    expect(checks).toMatch(
      /decrypt passed: decrypted and authenticated to its end, with age-encryption \+ zlib/,
    );
    expect(checks).toMatch(/decrypt passed: all 4 tables the runbook names are in the dump/);
    expect(checks).toMatch(/restore-database passed: 5 of 5 tables equal to the manifest/);
    expect(checks).toMatch(new RegExp(`media passed: ${mediaFiles} files, .*, as brought, by every byte`));
    expect(checks).toMatch(
      new RegExp(`smoke-checklist passed: Every media row has its file on disk: all ${mediaFiles} rows`),
    );
    if ('file' in system.sops) {
      expect(checks).toMatch(/open-secrets passed: there is no .*\.env on this host; nothing was written/);
      expect(checks).toMatch(/verify-secrets passed: .*secrets\.env has DATABASE_URL, API_KEY_PEPPER/);
      expect(existsSync(at('.env'))).toBe(false);
    }
    expect(readdirSync(at('drills'))).toEqual([]);
    expect(await system.staging.sql('SELECT count(*) FROM pg_database', 'postgres')).toBe('4');
    const sample = mediaPaths(at('media'))[0] ?? '';
    expect(statSync(at(`backups/media-${day}/${sample}`)).nlink).toBe(2);
    await expectNoSecret(end.text);
  });

  it('has a line with date and result for each drill, whether it ended well or not', async () => {
    expect(await indexLines()).toEqual([
      expect.stringMatching(
        lineSaying('VERIFIED against the manifest and the live database', 'whatsapp-mcp-local'),
      ),
    ]);
    await system.backUpElsewhere('incomplete', '--exclude-table=clients');
    const failed = await thaw(at('incomplete'), 'drill', 'whatsapp-mcp-local', '--snapshot', 'latest');
    expect(failed.status, failed.text).toBe(1);
    expect(failed.text).toContain('public.clients');
    expect(await indexLines()).toEqual([
      expect.stringMatching(
        lineSaying('VERIFIED against the manifest and the live database', 'whatsapp-mcp-local'),
      ),
      expect.stringMatching(lineSaying('FAILED', 'whatsapp-mcp-local')),
    ]);
    expect(readdirSync(at('drills'))).toEqual([]);
    expect(await system.staging.sql('SELECT count(*) FROM pg_database', 'postgres')).toBe('4');
    const offHost = await thaw('hidden:', 'drill', 'whatsapp-mcp', '--snapshot', 'latest');
    expect(offHost.status, `${offHost.text}${checksOf(await lastRecord()).join('\n')}`).toBe(0);
    const lines = await indexLines();
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(
      lineSaying('VERIFIED against the manifest and the live database', 'whatsapp-mcp'),
    );
  });

  it('has its newest dump looked through each month for the tables that matter', async () => {
    const end = await thaw('hidden:', 'verify', 'whatsapp-mcp', '--latest');
    expect(end.text).toMatch(/all 4 tables the runbook names are in the dump/);
    expect([0, 7], end.text).toContain(end.status);
  });

  it('has somebody paged when its audit archive is shortened on this host', async () => {
    for (const place of ['audit', 'log-server']) {
      await mkdir(at(place));
      for (const hour of ['01', '02']) {
        await writeFile(
          at(`${place}/2026-11-19T${hour}.jsonl`),
          '{"who":"somebody","what":"a message"}\n'.repeat(50),
        );
        await utimes(at(`${place}/2026-11-19T${hour}.jsonl`), 1_763_500_000, 1_763_500_000);
      }
    }
    const receiver = await startHttpReceiver();
    const monitor = () =>
      system.thaw({
        backups: at('backups'),
        logs: logs(),
        args: ['monitor', 'whatsapp-mcp-local'],
        env: { WA_ALERT_WEBHOOK: receiver.url },
      });
    const healthy = await monitor();
    expect(healthy.text).not.toContain('Audit archive');
    await writeFile(at('audit/2026-11-19T01.jsonl'), '{"who":"somebody","what":"a message"}\n'.repeat(49));
    await rm(at('audit/2026-11-19T02.jsonl'));
    const paged = await monitor();
    await receiver.close();
    expect(paged.status, paged.text).toBe(1);
    const words = /critical: Audit archive: 1 files are gone from here, 1 differ from their copy, 0 never/;
    expect(paged.text).toMatch(words);
    expect(JSON.stringify(receiver.received.at(-1)?.body)).toContain(
      'Audit archive: 1 files are gone from here',
    );
  });

  it('comes back from the crypt remote: secrets, rows, migrations, media and a healthy application', async () => {
    chapter = 'restore';
    const media = mediaDigests(at('media'));
    await ruin();
    const end = await thaw('hidden:', 'restore', 'whatsapp-mcp', ...answers);
    const checks = checksOf(await lastRecord()).join('\n');
    expect(end.status, `${end.text}${checks}`).toBe(0);
    await expectRestored(media);
    const kept = readdirSync(system.stack.folder).filter((name) => name.startsWith('media.before-'));
    expect(kept).toHaveLength(1);
    expect(existsSync(at(`${kept[0]}/3`))).toBe(false);
    expect(checks).toMatch(
      /smoke-checklist passed: Messages as counted in the manifest: 5000, expected: at least 1, at least 5000, which the manifest counts in public\.messages/,
    );
    expect(checks).toMatch(/migrate passed/);
    const ruined = mediaDigests(at(kept[0] ?? ''));
    await system.stack.compose('stop', 'app');
    const back = await thaw('hidden:', 'rollback', '--confirm', 'wa_mcp');
    expect(back.status, back.text).toBe(0);
    expect(mediaDigests(at('media'))).toEqual(ruined);
    expect(await system.stack.sql("SELECT to_regclass('messages') IS NULL")).toBe('t');
    await expectNoSecret(end.text + back.text);
  });

  it('comes back from the folder of this host, and keeps another .env that is there', async () => {
    chapter = 'restore-local';
    const media = mediaDigests(at(`backups/media-${day}`));
    const old = system.plainSecrets.replace('API_KEY_PEPPER=', 'API_KEY_PEPPER=old');
    if ('file' in system.sops) await writeFile(at('.env'), old, { mode: 0o640 });
    const end = await thaw(at('backups'), 'restore', 'whatsapp-mcp-local', ...answers);
    const checks = checksOf(await lastRecord()).join('\n');
    expect(end.status, `${end.text}${checks}`).toBe(0);
    await expectRestored(media);
    await expectNoSecret(end.text);
    const kept = readdirSync(system.stack.folder).filter((name) => name.startsWith('.env.before-'));
    const expected = 'file' in system.sops ? [old] : [];
    expect(kept.map((name) => readFileSync(at(name), 'utf8'))).toEqual(expected);
    if ('file' in system.sops)
      expect(checks).toMatch(/open-secrets passed: the file that was there is kept as/);
  });
});
