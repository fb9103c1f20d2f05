import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun } from '../../../src/app/run-log.ts';
import { vouchedFiles } from '../../../src/app/verify-record.ts';
import { firstLink, type Link, readLine, writeLine } from '../../../src/journal/journal-line.ts';
import { readJournal } from '../../../src/journal/read-journal.ts';
import { type DrillRecord, recordSchema } from '../../../src/record/record-schema.ts';
import { renderRecord } from '../../../src/record/render-record.ts';
import { toHtml } from '../../../src/record/to-html.ts';
import { toMarkdown } from '../../../src/record/to-markdown.ts';
import { valueFrom } from '../../contracts/object-store.contract.ts';
import { readColumn } from '../../sandbox/sandbox-parts.ts';
import { copyOf, type Exercises, holdExercises, readTree, records, thawHere } from './exercise-company.ts';

let held: Exercises;
beforeAll(async () => {
  held = await holdExercises();
});
afterAll(async () => held?.destroy());

const runFile = (mode: keyof Exercises['runs'], name: string) => join(held.logFolder, held.runs[mode], name);

async function readRecord(mode: keyof Exercises['runs']): Promise<DrillRecord> {
  return JSON.parse(await readFile(runFile(mode, 'record.json'), 'utf8'));
}

describe('A drill, a tabletop and a disaster of one runbook', () => {
  it('end as they should', () => {
    const { drill, tabletop, live } = held.ends;
    expect([drill.status, tabletop.status, live.status], held.printed).toEqual([0, 0, 0]);
  });

  it.each(['drill', 'tabletop', 'live'] as const)('leave a complete record of the %s', async (mode) => {
    const record = await readRecord(mode);
    expect(recordSchema.parse(record)).toEqual(record);
    expect(record.steps).toHaveLength(9);
    expect(record.people.witness).toEqual({ value: 'the auditor' });
    expect(record.why.scenario).toHaveProperty('value');
    const verified = await records(held, 'verify', held.runs[mode]);
    expect(verified.status, verified.text).toBe(0);
    expect(verified.text).toContain('the three files of the record agree');
  });

  it('gives nobody a word that nobody spoke: --yes with a commander leaves the drill undeclared, and 0', async () => {
    const drill = await readRecord('drill');
    expect(held.ends.drill.status).toBe(0);
    expect(drill.questions.filter(({ id }) => id === 'declare-recovery')).toMatchObject([
      { id: 'declare-recovery' },
    ]);
    expect(drill.questions.find(({ id }) => id === 'declare-recovery')?.answer).toBeUndefined();
    expect(drill.signOff.commander).toEqual({
      notRecorded: expect.stringContaining('not attested: nobody answered'),
    });
    expect(drill.marks.find(({ name }) => name === 'recovery-declared')?.at).toHaveProperty('notRecorded');
    expect(await readFile(runFile('drill', 'record.md'), 'utf8')).toContain('not attested: nobody answered');
    const live = await readRecord('live');
    expect(live.signOff.approver).toEqual({
      notRecorded: expect.stringMatching(
        /^yes, in the name of the owner of the CRM, beforehand, by an option/,
      ),
    });
  });

  it('measure what was done: programs with their exit status, outputs with their digest, RTO in parts', async () => {
    const record = await readRecord('live');
    const programs = record.steps.flatMap(({ attempts }) => attempts.flatMap((attempt) => attempt.programs));
    expect(
      programs.some(({ command, exitCode }) => /pg_restore.*--jobs/.test(command) && 'value' in exitCode),
    ).toBe(true);
    expect(record.outputs.length).toBeGreaterThan(4);
    expect(record.rto.met).toBe(true);
    expect(record.marks.find(({ name }) => name === 'recovery-declared')?.at).toHaveProperty('value');
    expect(record.verification.filter(({ expected }) => 'value' in expected).length).toBeGreaterThan(2);
    expect(record.people.remarks).toEqual([]);
    expect(record.cleanUp.length).toBeGreaterThan(0);
  });

  it('claim nothing for a table: no RTO, no RPO, every step discussed, the gap found', async () => {
    const record = await readRecord('tabletop');
    expect(record.rto.actualMs).toBeUndefined();
    expect(record.rpo.actualMs).toBeUndefined();
    expect(record.steps.every(({ outcome }) => outcome === 'discussed')).toBe(true);
    expect(record.decisions.filter(({ gap }) => gap)).toMatchObject([
      { inject: 'The GPG key is on the dead host.', note: 'nobody else holds a copy of the key' },
    ]);
    expect(record.decisions).toHaveLength(12);
    expect(record.steps[4]?.attempts[0]?.wouldRun.join(' ')).toMatch(
      /^pg_restore .*--dbname \S+ .*archive\.dump$/,
    );
    expect(record.steps.every(({ attempts }) => attempts[0]?.programs.length === 0)).toBe(true);
    expect(record.steps[4]?.attempts[0]?.expected.join(' ')).toMatch(/\$\{DATABASE_URL\}/);
  });

  it('stand in the index, each with its mode and its head', async () => {
    const index = await readFile(join(held.logFolder, 'backup-drills.md'), 'utf8');
    for (const [mode, id] of Object.entries(held.runs))
      expect(index).toMatch(new RegExp(`${mode.toUpperCase()}.*${id}`));
    expect(index).toContain((await readRecord('live')).journal.head.slice(0, 12));
  });

  it('are compared step by step, work without waiting', async () => {
    const { text } = await records(held, 'trend', 'rehearsal', '--json');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).toEqual(['thaw', 'trend', 'trend']);
    expect(lines[1].stepMs['restore-database']).toBeGreaterThan(0);
    expect((await records(held, 'list', 'rehearsal', '--trend')).text).toContain('restore-database');
  });

  it('can be listed for machines', async () => {
    const { text, status } = await records(held, 'list', '--json');
    const found = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(status).toBe(0);
    expect(
      found
        .slice(1)
        .map(({ mode, verdict }) => `${mode} ${verdict}`)
        .sort(),
    ).toEqual(['drill passed', 'live passed', 'tabletop skipped']);
  });

  it('are anchored in the backup store, where it was contacted at all', async () => {
    const where = { ...held, env: held.sandbox.environment };
    for (const mode of ['drill', 'live'] as const) {
      const anchored = await records(where, 'verify', held.runs[mode], '--anchored', 'rehearsal');
      expect(anchored.status, anchored.text).toBe(0);
      expect(anchored.text).toContain('1 anchors in the backup store agree');
    }
    const table = await records(where, 'verify', held.runs.tabletop, '--anchored', 'rehearsal');
    expect(table.status).toBe(6);
  });
});

describe('No secret', () => {
  it('is in any byte of any file or output of the three', async () => {
    const { sandbox } = held;
    const key = await readFile(sandbox.environment.BACKUP_GPG_PRIVATE_KEY_FILE ?? '', 'latin1');
    const keyLines = key.split('\n').filter((line) => line.length > 40);
    const rows = [
      ...(await readColumn(sandbox.databaseUrl, 'SELECT email AS value FROM clients')),
      ...(await readColumn(sandbox.databaseUrl, 'SELECT value FROM system_settings WHERE encrypted')),
    ];
    expect(Math.min(sandbox.secrets.length, keyLines.length, rows.length)).toBeGreaterThan(2);
    const words = [...sandbox.secrets, ...keyLines, ...rows, 'CANARY', Buffer.from('CANARY').toString('hex')];
    const forms = words.flatMap((word) => [word, Buffer.from(word).toString('base64').replace(/=+$/, '')]);
    const everything = Buffer.concat([
      ...(await readTree(held.logFolder)).values(),
      Buffer.from(held.printed),
    ]);
    const shown = [];
    for (const format of ['md', 'html', 'json'])
      shown.push((await records(held, 'export', held.runs.live, '--format', format, '--redact')).text);
    const exported = Buffer.from(shown.join(''));
    expect(forms.filter((form) => everything.includes(form) || exported.includes(form))).toEqual([]);
  });
});

describe('A copy to hand out', () => {
  it('names no host, no user, no path of the original', async () => {
    const { host, targets } = await readRecord('live');
    for (const format of ['md', 'html', 'json']) {
      const { text, status } = await records(held, 'export', held.runs.live, '--format', format, '--redact');
      expect(status).toBe(0);
      for (const word of [held.folder, held.sandbox.folder, 'the auditor', ...Object.values(targets)])
        expect(text).not.toContain(word);
      expect(text).not.toMatch(new RegExp(`(?<![\\w-])${host.name}(?![\\w-])`));
      expect(text).toContain('names of people');
    }
  });

  it('is otherwise the record itself', async () => {
    const record = await readRecord('drill');
    expect((await records(held, 'export', held.runs.drill, '--format', 'html')).text).toBe(toHtml(record));
    expect((await records(held, 'show', held.runs.drill)).text).toBe(toMarkdown(record));
  });
});

describe('Tampering with a record', () => {
  const into = () => join(held.folder, 'tampered');

  /** What `records verify` says of a copy that somebody changed. */
  async function verifyAfter(change: (logFolder: string, runFolder: string) => Promise<void>) {
    const logFolder = await copyOf(held.logFolder, into());
    await change(logFolder, join(logFolder, held.runs.live));
    return records({ folder: held.folder, logFolder }, 'verify', held.runs.live);
  }

  const rewriteJournal =
    (edit: (lines: string[]) => readonly string[]) => async (_: string, runFolder: string) => {
      const path = join(runFolder, 'journal.jsonl');
      const lines = (await readFile(path, 'utf8')).split(/(?<=\n)/);
      await writeFile(path, edit(lines).join(''));
    };

  function isBroken(bytes: Buffer): boolean {
    const reading = readJournal(bytes);
    return !reading.ok || reading.value.tornBytes > 0;
  }

  function isBrokenLine(line: Buffer, after: Link): boolean {
    const text = line.toString('utf8');
    return Buffer.byteLength(text) !== line.length || readLine(text, after).kind === 'broken';
  }

  it('is found wherever a single byte of the journal is flipped', async () => {
    const bytes = await readFile(runFile('live', 'journal.jsonl'));
    const unseen: number[] = [];
    let after = firstLink;
    let start = 0;
    while (start < bytes.length) {
      const end = bytes.indexOf(0x0a, start);
      for (let index = start; index <= end; index += 1) {
        const byte = bytes[index] ?? 0;
        const flipped = byte ^ (1 << (index % 8));
        bytes[index] = flipped;
        // Where lines are split or joined the journal is read whole; elsewhere the line alone, as reading the whole would.
        const seen =
          byte === 0x0a || flipped === 0x0a
            ? isBroken(bytes)
            : isBrokenLine(bytes.subarray(start, end), after);
        if (!seen) unseen.push(index);
        bytes[index] = byte;
      }
      const whole = readLine(bytes.toString('utf8', start, end), after);
      if (whole.kind !== 'whole') throw new Error('The journal itself is broken');
      after = whole.link;
      start = end + 1;
    }
    expect(unseen).toEqual([]);
    expect(bytes.length).toBeGreaterThan(20_000);
  });

  it('is found wherever a single byte of an output, a signature or the record is flipped', async () => {
    const run = valueFrom(await openRun({ logFolder: held.logFolder, runId: held.runs.live }));
    const record = renderRecord(run.reading.entries, run.reading.head.hash);
    const vouched = record === undefined ? new Map<string, string>() : vouchedFiles(run.reading, record);
    const files = await readTree(join(held.logFolder, held.runs.live));
    expect([...vouched.keys()].sort()).toEqual(
      [...files.keys()].filter((name) => name !== 'journal.jsonl').sort(),
    );
    for (const [name, sha256] of vouched) {
      const bytes = Buffer.from(files.get(name) ?? '');
      for (let index = 0; index < bytes.length; index += 1) {
        const byte = bytes[index] ?? 0;
        bytes[index] = byte ^ (1 << (index % 8));
        if (createHash('sha256').update(bytes).digest('hex') === sha256) expect.fail(`${name} at ${index}`);
        bytes[index] = byte;
      }
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    }
  });

  it('is found by the command itself, in every file, and leaves it with status 6', async () => {
    const files = await readTree(join(held.logFolder, held.runs.live));
    for (const [name, bytes] of files) {
      for (const index of [0, Math.floor(bytes.length / 2), bytes.length - 1]) {
        const { status, text } = await verifyAfter(async (_, runFolder) => {
          const changed = Buffer.from(bytes);
          changed[index] = (changed[index] ?? 0) ^ 0x20;
          await writeFile(join(runFolder, name), changed);
        });
        expect(status, `${name} at ${index}: ${text}`).toBe(6);
      }
    }
  });

  it('is found when the last line is cut, any line is missing, or any two neighbours are swapped', async () => {
    const bytes = await readFile(runFile('live', 'journal.jsonl'));
    const lines = bytes.toString('utf8').split(/(?<=\n)/);
    expect((await verifyAfter(rewriteJournal((all) => all.slice(0, -1)))).status).toBe(6);
    for (let index = 0; index < lines.length - 1; index += 1) {
      const without = readJournal(Buffer.from(lines.toSpliced(index, 1).join('')));
      expect(without.ok).toBe(false);
      const [a = '', b = ''] = lines.slice(index, index + 2);
      expect(readJournal(Buffer.from(lines.toSpliced(index, 2, b, a).join(''))).ok).toBe(false);
    }
    expect(
      (await verifyAfter(rewriteJournal((all) => all.toSpliced(3, 2, all[4] ?? '', all[3] ?? '')))).status,
    ).toBe(6);
  });

  it('is found when an older journal is put over a newer record, even with a record written to fit', async () => {
    const logFolder = await copyOf(held.logFolder, join(held.folder, 'older'));
    const place = { folder: held.folder, logFolder };
    const noted = await records(place, 'note', held.runs.live, 'gap: found the day after');
    expect(noted.status, noted.text).toBe(0);
    expect((await records(place, 'verify', held.runs.live)).status).toBe(0);
    const older = await readTree(join(held.logFolder, held.runs.live));
    for (const [name, bytes] of older) await writeFile(join(logFolder, held.runs.live, name), bytes);
    const { status, text } = await records(place, 'verify', held.runs.live);
    expect(status).toBe(6);
    expect(text).toMatch(/it had \d+ entries and the head/);
  });

  it('is found when a whole new chain is forged and its record written from it', async () => {
    const { status, text } = await verifyAfter(async (_, runFolder) => {
      const reading = valueFrom(readJournal(await readFile(join(runFolder, 'journal.jsonl'))));
      let after = { seq: 0, hash: '0'.repeat(64) };
      const forged = reading.entries.map(({ seq: _seq, at, ...entry }) => {
        const { line, link } = writeLine({
          entry: entry.kind === 'note-added' ? { ...entry, text: 'nothing was found' } : entry,
          after,
          at: new Date(entry.kind === 'run-finished' ? Date.parse(at) - 1 : at),
        });
        after = link;
        return line;
      });
      const bytes = Buffer.from(forged.join(''));
      const { entries, head } = valueFrom(readJournal(bytes));
      const record = renderRecord(entries, head.hash);
      if (record === undefined) throw new Error('The forged journal has no record');
      await writeFile(join(runFolder, 'journal.jsonl'), bytes);
      await writeFile(join(runFolder, 'record.md'), toMarkdown(record));
      await writeFile(join(runFolder, 'record.html'), toHtml(record));
      await writeFile(join(runFolder, 'record.json'), `${JSON.stringify(record, null, 2)}\n`);
    });
    expect(status, text).toBe(6);
    expect(text).toContain('another head');
  });

  it('is found in the file of the chain heads, too, wherever a byte of it is flipped', async () => {
    const bytes = await readFile(join(held.logFolder, 'chain-heads.jsonl'));
    for (let index = 0; index < bytes.length; index += 7) {
      const { status } = await verifyAfter(async (logFolder) => {
        const changed = Buffer.from(bytes);
        changed[index] = (changed[index] ?? 0) ^ 1;
        await writeFile(join(logFolder, 'chain-heads.jsonl'), changed);
      });
      expect(status, `byte ${index}`).toBe(6);
    }
  });

  it('is found in the index, where its line of this run says something else', async () => {
    const { status, text } = await verifyAfter(async (logFolder) => {
      const index = await readFile(join(logFolder, 'backup-drills.md'), 'utf8');
      await writeFile(join(logFolder, 'backup-drills.md'), index.replaceAll('VERIFIED', 'PERFECT'));
    });
    expect(status, text).toBe(6);
    expect(text).toContain('backup-drills.md says something else of this run');
    expect((await records(held, 'verify', held.runs.live)).text).not.toContain('backup-drills.md');
  });

  it('is not claimed of a file that was only added, but nobody vouches for it', async () => {
    const { status, text } = await verifyAfter((_, runFolder) =>
      writeFile(join(runFolder, 'photo.png'), 'x'),
    );
    expect(status).toBe(0);
    expect(text).toContain('photo.png is in the folder, and nothing vouches for it');
  });
});

describe('What is not there any more', () => {
  const without = async (change: (logFolder: string) => Promise<void>, named?: string) => {
    const logFolder = await copyOf(held.logFolder, join(held.folder, 'incomplete'));
    await change(logFolder);
    return records({ folder: held.folder, logFolder }, 'verify', ...(named === undefined ? [] : [named]));
  };
  const dropIndexLine = async (logFolder: string, runId: string) => {
    const path = join(logFolder, 'backup-drills.md');
    const lines = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, lines.filter((line) => !line.includes(runId)).join('\n'));
  };

  it.each([
    [
      'chain-heads.jsonl',
      (logFolder: string) => rm(join(logFolder, 'chain-heads.jsonl')),
      'there is no chain-heads.jsonl',
    ],
    ['the index', (logFolder: string) => rm(join(logFolder, 'backup-drills.md')), 'no backup-drills.md'],
    [
      'its line in the index',
      (logFolder: string) => dropIndexLine(logFolder, held.runs.live),
      'backup-drills.md has no line of this run',
    ],
    [
      'a file of the record',
      (logFolder: string) => rm(join(logFolder, held.runs.live, 'record.html')),
      'record.html is not there',
    ],
    [
      'an output',
      (logFolder: string) => rm(join(logFolder, held.runs.live, 'output', 'fetch.log')),
      'output/fetch.log is not there',
    ],
  ] as const)('%s is named, and nothing is verified: 1', async (_, change, words) => {
    const { status, text } = await without(change, held.runs.live);
    expect(status, text).toBe(1);
    expect(text).toContain(words);
    expect(text).not.toContain('agree.');
  });

  it('another run that the chain heads or the index know is named, whichever run is looked at: 1', async () => {
    const gone = (logFolder: string) => rm(join(logFolder, held.runs.drill), { recursive: true });
    for (const named of [held.runs.live, held.runs.drill]) {
      const { status, text } = await without(gone, named);
      expect(status, text).toBe(1);
      expect(text).toContain(
        `run ${held.runs.drill} is not in the folder, and chain-heads.jsonl and the index know it`,
      );
    }
    const indexOnly = await without(async (logFolder) => {
      await gone(logFolder);
      await rm(join(logFolder, 'chain-heads.jsonl'));
    }, held.runs.live);
    expect(indexOnly.status, indexOnly.text).toBe(1);
    expect(indexOnly.text).toContain(`run ${held.runs.drill} is not in the folder, and the index knows it`);
    const all = await without(async (logFolder) => {
      for (const runId of Object.values(held.runs)) await rm(join(logFolder, runId), { recursive: true });
    });
    expect(all.status, all.text).toBe(1);
    for (const runId of Object.values(held.runs)) expect(all.text).toContain(runId);
  });

  it('chain heads that begin anew do not hide that they were gone', async () => {
    const logFolder = await copyOf(held.logFolder, join(held.folder, 'begun-anew'));
    await rm(join(logFolder, 'chain-heads.jsonl'));
    const noted = await records({ folder: held.folder, logFolder }, 'note', held.runs.live, 'gap: none');
    expect(noted.status, noted.text).toBe(0);
    const { status, text } = await records({ folder: held.folder, logFolder }, 'verify', held.runs.live);
    expect(status, text).toBe(1);
    expect(text).toContain(`chain-heads.jsonl does not know how run ${held.runs.drill} ended`);
  });

  it('what contradicts outweighs what is missing, and both are named', async () => {
    const { status, text } = await without(async (logFolder) => {
      await rm(join(logFolder, held.runs.live, 'record.html'));
      await writeFile(join(logFolder, held.runs.live, 'record.md'), 'all is well\n');
    }, held.runs.live);
    expect(status, text).toBe(6);
    expect(text).toContain('record.md is not what the journal says');
    expect(text).toContain('record.html is not there');
  });

  it('a record that is older than its journal was left behind, and is written again: 1, then 0', async () => {
    const logFolder = await copyOf(held.logFolder, join(held.folder, 'left-behind'));
    const place = { folder: held.folder, logFolder };
    const older = await readTree(join(logFolder, held.runs.live));
    const index = await readFile(join(logFolder, 'backup-drills.md'));
    expect((await records(place, 'note', held.runs.live, 'gap: found the day after')).status).toBe(0);
    for (const name of ['record.md', 'record.html', 'record.json'])
      await writeFile(join(logFolder, held.runs.live, name), older.get(name) ?? '');
    await writeFile(join(logFolder, 'backup-drills.md'), index);
    const behind = await records(place, 'verify', held.runs.live);
    expect(behind.status, behind.text).toBe(1);
    expect(behind.text).toContain('record.json is older than the end of the journal');
    expect((await thawHere(place, 'resume', held.runs.live)).status).toBe(0);
    expect((await records(place, 'verify', held.runs.live)).status).toBe(0);
  });
});

describe('Signatures', () => {
  it('of operator and witness cover the journal, name their keys, and fall with a changed file', async () => {
    const logFolder = await copyOf(held.logFolder, join(held.folder, 'signed'));
    const place = { folder: held.folder, logFolder };
    const makeKey = (name: string) => {
      execFileSync('ssh-keygen', [
        '-q',
        '-t',
        'ed25519',
        '-N',
        '',
        '-C',
        name,
        '-f',
        join(held.folder, name),
      ]);
    };
    for (const name of ['operator-key', 'witness-key', 'stranger-key']) makeKey(name);
    const publicKey = async (name: string) => readFile(join(held.folder, `${name}.pub`), 'utf8');
    const allowed = join(held.folder, 'allowed-signers');
    await writeFile(
      allowed,
      `on-call ${await publicKey('operator-key')}auditor ${await publicKey('witness-key')}`,
    );
    const sign = (key: string, role: string) =>
      records(place, 'sign', held.runs.live, '--key', key, '--as', role);
    expect((await sign('operator-key', 'operator')).text).toContain(
      'signed as operator by the person on call',
    );
    expect((await sign('witness-key', 'witness')).status).toBe(0);

    const verified = await records(place, 'verify', held.runs.live, '--allowed-signers', allowed);
    expect(verified.status, verified.text).toBe(0);
    expect(verified.text).toContain('Signed as operator by the person on call');
    expect(verified.text).toContain('the key of auditor');
    const markdown = await readFile(join(logFolder, held.runs.live, 'record.md'), 'utf8');
    expect(markdown).toMatch(/\| witness \| the auditor, .*SHA256:/);

    expect((await sign('stranger-key', 'approver')).status).toBe(0);
    const stranger = await records(place, 'verify', held.runs.live, '--allowed-signers', allowed);
    expect(stranger.status).toBe(6);
    expect(stranger.text).toContain(`by ${allowed} its key SHA256:`);

    const files = await readTree(join(logFolder, held.runs.live, 'signatures'));
    expect(files.size).toBe(6);
    for (const [name, bytes] of files) {
      const path = join(logFolder, held.runs.live, 'signatures', name);
      const changed = Buffer.from(bytes);
      changed[Math.floor(changed.length / 2)] = (changed[Math.floor(changed.length / 2)] ?? 0) ^ 2;
      await writeFile(path, changed);
      expect((await records(place, 'verify', held.runs.live)).status).toBe(6);
      await writeFile(path, bytes);
    }
  });

  it('can be checked with ssh-keygen alone', async () => {
    const folder = join(held.folder, 'signed', held.runs.live, 'signatures');
    const [text] = [...(await readTree(folder)).keys()].filter((name) => name.endsWith('-operator.txt'));
    const file = join(folder, text ?? '');
    const said = execFileSync(
      'ssh-keygen',
      [
        '-Y',
        'verify',
        '-f',
        join(held.folder, 'allowed-signers'),
        '-I',
        'on-call',
        '-n',
        'thaw-record',
        '-s',
        `${file}.sig`,
      ],
      { input: await readFile(file), encoding: 'utf8' },
    );
    expect(said).toContain('Good "thaw-record" signature for on-call');
  });

  it('need a key that can sign, and somebody to sign', async () => {
    const logFolder = await copyOf(held.logFolder, join(held.folder, 'unsigned'));
    const place = { folder: held.folder, logFolder };
    const noKey = await records(place, 'sign', held.runs.live, '--key', 'no-such-key', '--as', 'operator');
    expect(noKey.status).toBe(1);
    expect(noKey.text).toContain('Name a private key');
    expect((await records(place, 'sign', held.runs.live)).status).toBe(2);
    expect((await records(place, 'verify', held.runs.live)).status).toBe(0);
  });
});

describe('What comes after the end', () => {
  const tornAfterEnd = async (name: string) => {
    const logFolder = await copyOf(held.logFolder, join(held.folder, name));
    await appendFile(join(logFolder, held.runs.live, 'journal.jsonl'), '{"seq":999,"at":"20');
    return { folder: held.folder, logFolder };
  };

  it('a line that was never finished is told, and a resume takes it out: 1, then 0', async () => {
    const place = await tornAfterEnd('torn');
    const torn = await records(place, 'verify', held.runs.live);
    expect(torn.status, torn.text).toBe(1);
    expect(torn.text).toMatch(/after entry \d+ a line was begun and never finished/);
    const resumed = await thawHere(place, 'resume', held.runs.live);
    expect(resumed.status, resumed.text).toBe(0);
    const verified = await records(place, 'verify', held.runs.live);
    expect(verified.status, verified.text).toBe(0);
  });

  it('a note is written over a line that was never finished, not behind it', async () => {
    const place = await tornAfterEnd('torn-and-noted');
    const noted = await records(place, 'note', held.runs.live, 'gap: the machine lost its power');
    expect(noted.status, noted.text).toBe(0);
    const verified = await records(place, 'verify', held.runs.live);
    expect(verified.status, verified.text).toBe(0);
  });

  it('a record that was never written is written by a resume, and the run is not walked again', async () => {
    const logFolder = await copyOf(held.logFolder, join(held.folder, 'unwritten'));
    const place = { folder: held.folder, logFolder };
    for (const name of ['record.md', 'record.html', 'record.json'])
      await rm(join(logFolder, held.runs.live, name));
    // Missing proves nothing, and is no contradiction.
    expect((await records(place, 'verify', held.runs.live)).status).toBe(1);
    const resumed = await thawHere(place, 'resume', held.runs.live);
    expect(resumed.status, resumed.text).toBe(0);
    expect(resumed.text).toContain('It is written now');
    expect((await records(place, 'verify', held.runs.live)).status).toBe(0);
  });

  it('a roll-back stands in the record, which can still be vouched for here and in the backup store', async () => {
    const where = { ...held, env: held.sandbox.environment };
    const undone = await thawHere(where, 'rollback', held.runs.live, '--confirm', 'harbour_crm');
    expect(undone.status, undone.text).toBe(0);
    const verified = await records(where, 'verify', held.runs.live, '--anchored', 'rehearsal');
    expect(verified.status, verified.text).toBe(0);
    expect(verified.text).toContain('2 anchors in the backup store agree');
    expect(await readRecord('live')).toMatchObject({ result: { rolledBack: true, state: 'finished' } });
  });
});
