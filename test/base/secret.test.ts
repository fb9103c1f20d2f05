import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createMasking, createRedactor, createSecret, redactDeep } from '../../src/base/secret.ts';
import { secretsOf } from '../../src/base/secret-values.ts';

const key = `-----BEGIN PGP PRIVATE KEY BLOCK-----\r\n\r\nlQdGBGZabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOP\r\nshort=\r\n-----END PGP PRIVATE KEY BLOCK-----`;

describe('a secret', () => {
  it('shows a mask wherever it is printed, joined, serialised or inspected', () => {
    const secret = createSecret('sesame-open');
    const shown = [
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: [secret] }),
      String(secret),
    ];
    for (const text of shown) expect(text).not.toContain('sesame');
    expect(shown[0]).toBe('‹secret›');
  });

  it('gives its value to whoever reveals it', () => {
    expect(createSecret('sesame-open').reveal()).toBe('sesame-open');
  });
});

describe('masking', () => {
  const password = "p@ss w/ö+'(rd)";
  const redact = createRedactor([password, key]);

  it.each([
    ['as it is', password],
    ['percent-encoded', encodeURIComponent(password)],
    [
      'percent-encoded as in a URL',
      new URL(`postgresql://u:${encodeURIComponent(password).replaceAll("'", '%27')}@h/d`).password,
    ],
    ['percent-encoded in small letters', encodeURIComponent(password).toLowerCase()],
    ['in base64', Buffer.from(password).toString('base64')],
    ['in base64 without its end', Buffer.from(password).toString('base64').replace(/=+$/, '')],
    ['in base64url', Buffer.from(password).toString('base64url')],
    ['escaped in JSON', JSON.stringify({ password })],
  ])('finds a password %s', (_how, text) => {
    expect(redact(`before ${text} after`)).not.toContain(text.startsWith('{') ? 'p@ss' : text);
    expect(redact(`before ${text} after`)).toContain('‹secret›');
  });

  it.each<readonly [string, string]>([
    ['in hexadecimal', Buffer.from(password).toString('hex')],
    ['in hexadecimal of capital letters', Buffer.from(password).toString('hex').toUpperCase()],
    ...['', 'u', 'us', 'user', 'admin@shop'].map(
      (user) =>
        [
          `in base64 behind the user “${user}”`,
          Buffer.from(`${user}:${password}`).toString('base64'),
        ] as const,
    ),
    ['in base64 within a longer text', Buffer.from(`{"a":1,"p":"${password}","b":2}`).toString('base64')],
    ['in base64url behind a user', Buffer.from(`someone:${password}`).toString('base64url')],
  ])('finds a password %s', (_how, text) => {
    const masked = redact(`Authorization: Basic ${text} sent`);
    expect(masked).toBe('Authorization: Basic ‹secret› sent');
  });

  it.each([
    ["CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 password=sec ret' PUBLICATION x", 'password=sec'],
    ["CREATE USER MAPPING FOR app SERVER fs OPTIONS (\"user\" 'u', password 'p''w')", "p''w"],
    ["ALTER ROLE app WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096:x'", 'SCRAM'],
    ["CREATE ROLE app ENCRYPTED PASSWORD E'abc'", 'abc'],
    ["CREATE USER MAPPING FOR app SERVER fs OPTIONS (password 'begins and goes on", 'begins'],
    ['could not connect to postgresql://app:hunter2@10.0.0.1/shop', 'hunter2'],
    ["connection string 'dbname=x password = \\'quo ted\\''", 'quo ted'],
  ])('finds a password that nobody declared: %s', (text, secret) => {
    for (const any of [redact, createRedactor([])]) {
      expect(any(text)).not.toContain(secret);
      expect(any(text)).toContain('‹secret›');
    }
  });

  it('takes no time that grows with the square of a long word', () => {
    const long = 'QUJD'.repeat(250_000);
    expect(redact(long)).toBe(long);
    const held = Buffer.from(`someone:${password}`).toString('base64url');
    expect(redact(`a ${long} ${held} b`)).toBe(`a ${long} ‹secret› b`);
  });

  it('leaves what only speaks of passwords', () => {
    for (const text of ['the password is wrong', 'password authentication failed for user "app"', 'a@b:c'])
      expect(createRedactor([])(text)).toBe(text);
  });

  it('finds every long line of a key of several lines, whatever ends the lines', () => {
    for (const line of key.split('\r\n'))
      if (line.length >= 16) expect(redact(`> ${line}\n`)).toBe('> ‹secret›\n');
    expect(redact(key)).toBe('‹secret›');
  });

  it('masks every place, and the longest secret first', () => {
    const both = createRedactor(['open', 'open-sesame']);
    expect(both('open-sesame open openopen')).toBe('‹secret› ‹secret› ‹secret›‹secret›');
  });

  it('leaves what is masked already as it is, even when the password is the word secret', () => {
    const once = createRedactor(['secret', 'sesame']);
    expect(once(once('secret: sesame'))).toBe('‹secret›: ‹secret›');
  });

  it('takes signs of regular expressions literally', () => {
    const signs = createRedactor(['a.b*c$^|(x)[y]']);
    expect(signs('a.b*c$^|(x)[y] and aXbbc')).toBe('‹secret› and aXbbc');
  });

  it('does not mask very short values, which would hide ordinary words', () => {
    expect(createRedactor(['abc', ''])('abc')).toBe('abc');
  });

  it('reaches every text inside a value, and leaves keys and names as they are', () => {
    const value = { sesame: ['open sesame', { kind: 'sesame', text: 'sesame' }], count: 1, none: null };
    expect(redactDeep(value, { redact: createRedactor(['sesame']), names: new Set(['kind']) })).toEqual({
      sesame: ['open ‹secret›', { kind: 'sesame', text: '‹secret›' }],
      count: 1,
      none: null,
    });
  });
});

describe('secrets that come to light on the way', () => {
  it('are masked from then on, public names never', () => {
    const { redact, mask } = createMasking({ secrets: ['sesame'], publicNames: new Set(['crm-production']) });
    expect(redact('sesame barley')).toBe('‹secret› barley');
    mask(['barley', 'crm-production']);
    expect(redact('sesame barley crm-production')).toBe('‹secret› ‹secret› crm-production');
  });

  it('make no hole in what has to be pasted: paths and the id of the run', () => {
    const { redact, show, mask } = createMasking({ secrets: ['backup'], publicNames: new Set() });
    show(['/var/backups/logs', '/var/backups/logs/2026-backup-live/output/backup.log', '2026-backup-live']);
    mask(['restore']);
    expect(
      redact('thaw resume 2026-backup-live; see /var/backups/logs/2026-backup-live/output/backup.log'),
    ).toBe('thaw resume 2026-backup-live; see /var/backups/logs/2026-backup-live/output/backup.log');
    expect(redact('the backup of /var/backups/logs/restore and /var/backups/other')).toBe(
      'the ‹secret› of /var/backups/logs/‹secret› and /var/‹secret›s/other',
    );
  });

  it('are all values of an encrypted file, but for single words and short numbers with a harmless name', () => {
    const values = Object.entries({
      NODE_ENV: 'production',
      PORT: '8080',
      PEPPER: 'a8f5f167f44f',
      REDIS_PASSWORD: 'sesame',
      DATABASE_URL: 'postgresql://wa:p%40ss@db/wa',
    });
    expect(new Set(secretsOf(values))).toEqual(
      new Set(['a8f5f167f44f', 'sesame', 'p@ss', 'postgresql://wa:p%40ss@db/wa']),
    );
  });
});
