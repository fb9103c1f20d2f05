import { describe, expect, it } from 'vitest';
import { recordSchema } from '../../src/record/record-schema.ts';
import { redactRecord } from '../../src/record/redact-record.ts';
import { toHtml } from '../../src/record/to-html.ts';
import { toMarkdown } from '../../src/record/to-markdown.ts';
import { fullRun, fullStart, recordOf, tabletopRun } from './sample-run.ts';

const headings = (text: string, expression: RegExp) =>
  [...text.matchAll(expression)].map(([, title]) => title);

describe('a record as a page', () => {
  it('has the same chapters in Markdown and in HTML', () => {
    const record = recordOf(fullRun);
    const inMarkdown = headings(toMarkdown(record), /^## (.+)$/gm);
    expect(inMarkdown).toEqual(headings(toHtml(record), /<h2>(.+?)<\/h2>/g));
    expect(inMarkdown).toEqual([
      ...[
        'Identity',
        'Why',
        'People and roles',
        'Objectives',
        'Criteria',
        'Marks',
        'Recovery point',
        'Steps',
      ],
      ...[
        'Deviations',
        'Verification',
        'Preflight',
        'Findings',
        'Action items',
        'Questions and answers',
        'Notes',
      ],
      ...['Clean-up', 'Evidence', 'Sign-off', 'Integrity'],
    ]);
  });

  it('loads nothing, runs nothing, and says its mode in the title', () => {
    const page = toHtml(recordOf(fullRun));
    expect(page).toContain('<title>LIVE: 2026-04-28T1448Z-crm-live</title>');
    expect(page).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import/);
    expect(page).toContain("default-src 'none'");
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('@media print');
    expect(toHtml(recordOf(tabletopRun))).toContain('<title>TABLETOP: ');
  });

  it('keeps what people and programs wrote as text', () => {
    const evil = '<script>alert("x")</script> | `a` \u001b[2J';
    const page = toHtml(recordOf([...fullRun, { kind: 'note-added', text: evil }]));
    expect(page).not.toContain('<script>');
    expect(page).not.toContain('\u001b');
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)');
    expect(toMarkdown(recordOf([...fullRun, { kind: 'note-added', text: evil }]))).not.toContain('<script>');
  });

  it('draws a bar for each attempt and a line for each mark inside the picture', () => {
    const page = toHtml(recordOf(fullRun));
    expect(page.match(/class="bar passed"/g)).toHaveLength(3);
    expect(page.match(/class="mark-name"/g)?.length).toBeGreaterThanOrEqual(4);
    const places = [...page.matchAll(/ x="([\d.]+)%"[^>]* width="([\d.]+)%"/g)];
    for (const [, x, width] of places) expect(Number(x) + Number(width)).toBeLessThanOrEqual(100.01);
  });

  it('names the exit status of each program', () => {
    expect(toMarkdown(recordOf(fullRun))).toContain('| `do fetch` | 0 | 0.0 s |');
  });
});

describe('a record to hand out', () => {
  const start = {
    ...fullStart,
    host: { name: 'crm-01', user: 'grace', sshFrom: '198.51.100.7' },
    targets: { database: 'crm at db.internal:5432', backups: 's3://nimara-backups at s3.example.net:443' },
  };
  const record = recordOf([
    start,
    ...fullRun.slice(1),
    {
      kind: 'note-added',
      text: 'gap: grace asked the witness at 10.0.0.7, see https://wiki.example.net/x and /srv/crm/.env',
    },
  ]);
  const copy = redactRecord(record);
  const text = JSON.stringify(copy) + toMarkdown(copy) + toHtml(copy);

  it('holds no person, host, address, place or e-mail address', () => {
    for (const word of ['the witness', 'the commander', 'grace', 'crm-01', '198.51.100.7', 'db.internal']) {
      expect(text).not.toContain(word);
    }
    for (const word of ['nimara-backups', 'example.net', '10.0.0.7', '/srv/crm', 'runbooks/crm.yaml']) {
      expect(text).not.toContain(word);
    }
  });

  it('says what was masked and what was kept, and is still a record', () => {
    expect(recordSchema.safeParse(copy).success).toBe(true);
    expect(toMarkdown(copy)).toContain('## Masked in this copy');
    expect(copy.redaction?.masked).toContain('names of people');
  });

  it('keeps times, verdicts, digests and the run id', () => {
    expect(copy.runId).toBe(record.runId);
    expect(copy.journal).toEqual(record.journal);
    expect(copy.window).toEqual(record.window);
    expect(copy.outputs).toEqual(record.outputs);
    expect(copy.marks.map(({ at }) => at)).toEqual(record.marks.map(({ at }) => at));
    expect(copy.result).toEqual(record.result);
  });

  it('gives the same thing the same stand-in', () => {
    expect(copy.people.planApprover).toEqual(copy.people.resultApprover);
    expect(copy.people.operator).not.toEqual(copy.people.witness);
  });
});
