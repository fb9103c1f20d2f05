import { describe, expect, it } from 'vitest';
import {
  isOfKit,
  type Kit,
  kitPrefix,
  listKey,
  listsAmong,
  namesSigner,
  objectName,
  readKit,
  writeKit,
} from '../../src/backups/kit.ts';

const file = {
  path: 'docker-compose.yml',
  role: 'services' as const,
  object: 'files/0123456789abcdef/docker-compose.yml',
  sha256: '0'.repeat(64),
  sizeBytes: 3,
};
const kit: Kit = {
  thawKit: 1,
  name: 'crm',
  title: 'CRM',
  madeAt: '2026-11-28T09:45:00.000Z',
  thawVersion: '0.1.0',
  folder: 'crm',
  files: [file],
  asks: [],
  left: [],
  images: [],
};

function refusal(text: string): string {
  const read = readKit(text, 'the.kit.json');
  return read.ok ? 'read' : `${read.failure.code}: ${read.failure.message} ${read.failure.remedy}`;
}

describe('The list of a kit', () => {
  it('comes back as it was written', () => {
    expect(readKit(writeKit(kit), 'x')).toEqual({ ok: true, value: kit });
  });

  it('of a newer format is refused by name, and the program in the kit is pointed to', () => {
    const newer = JSON.stringify({ ...kit, thawKit: 7, thawVersion: '3.2.0' });
    expect(refusal(newer)).toMatch(
      /^invalid-input: The kit the\.kit\.json has format 7 and was made by thaw 3\.2\.0; this thaw reads formats up to 1\. .*program that lies in the kit/,
    );
  });

  it.each([
    ['../etc/cron.d/x'],
    ['/etc/passwd'],
    ['a/../../b'],
    ['a//b'],
    ['a\u001b[2Jb'],
    ['$(id)'],
    ['-rf'].map((one) => `${one}/../x`),
  ])('never leads out of its folder: %j', (path) => {
    expect(refusal(JSON.stringify({ ...kit, files: [{ ...file, path }] }))).toMatch(/^damaged/);
    expect(refusal(JSON.stringify({ ...kit, files: [{ ...file, object: path }] }))).toMatch(/^damaged/);
  });

  it('names no path twice, and no folder but one', () => {
    expect(refusal(JSON.stringify({ ...kit, files: [file, file] }))).toMatch(/a path stands there twice/);
    expect(refusal(JSON.stringify({ ...kit, folder: 'a/b' }))).toMatch(/^damaged/);
    expect(refusal('no json')).toMatch(/^damaged/);
  });
});

describe('Where a kit lies', () => {
  it('the newest list that has its signature counts', () => {
    const [older, newer, newest] = ['2026-11-26', '2026-11-27', '2026-11-28'].map((day) =>
      listKey('crm', Date.parse(`${day}T01:02:03Z`)),
    ) as [string, string, string];
    expect(newest).toBe('thaw-kit/crm/20261128T010203Z.kit.json');
    const keys = [older, `${older}.sig`, newer, `${newer}.sig`, newest, 'thaw-kit/crm/RECOVER.md'];
    expect(listsAmong(keys)).toEqual([
      { key: newer, prefix: kitPrefix('crm') },
      { key: older, prefix: kitPrefix('crm') },
    ]);
  });

  it('an object is named after its content, and keeps its name for whoever fetches it by hand', () => {
    const sha256 = 'a'.repeat(64);
    expect(objectName({ sha256, path: 'conf/.env.gpg' })).toBe(`files/${'a'.repeat(16)}/env.gpg`);
    expect(objectName({ sha256, path: 'thaw-linux-x64', packed: 'gzip' })).toBe(
      `files/${'a'.repeat(16)}/thaw-linux-x64.gz`,
    );
    expect([isOfKit('thaw-kit/crm/x'), isOfKit('a/thaw-kit/crm/x'), isOfKit('pg/thaw-kitchen')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('Whose signature it has to bear', () => {
  const fingerprint = `SHA256:${'abcdEFGH0123+/xy'}${'z'.repeat(27)}`;
  it.each([
    [fingerprint, true],
    ['SHA256:abcdEFGH0123+/xy', true],
    [' abcdEFGH0123+/xyz ', true],
    ['abcdEFGH0123+/x', false],
    ['SHA256:', false],
    ['', false],
    ['abcdEFGH0123+/xY', false],
    [`${fingerprint}z`, false],
  ])('%j: %j', (given, named) => {
    expect(namesSigner(given, fingerprint)).toBe(named);
  });
});
