import { describe, expect, it } from 'vitest';
import { everyReading, readEnvNames } from '../../src/backups/read-otherwise.ts';
import { failureFrom, valueFrom } from '../contracts/object-store.contract.ts';

const read = (path: string, text: string) => [...valueFrom(readEnvNames(text, { path, names: [] })).values];

describe('a file of settings', () => {
  it.each([
    ['config.json', '\uFEFF{"encryptionKey": "k#y=1", "nodes": {"limit": 3, "list": ["a"]}, "none": null}'],
    ['config.yaml', 'encryptionKey: "k#y=1"\nnodes:\n  limit: 3\n  list: [a]\nnone:\n'],
  ])('in a tree has names with dots (%s)', (path, text) => {
    expect(read(path, text)).toEqual([
      ['encryptionKey', 'k#y=1'],
      ['nodes.limit', '3'],
      ['nodes.list.0', 'a'],
    ]);
  });

  it('in sections, too, and its quotes are not of the value', () => {
    const text = [
      ...['; made by hand', 'APP_NAME = Forge', '', '[security]', 'SECRET_KEY = `a#b;c`', '# not this'],
      ...['INTERNAL_TOKEN="x=y"', 'EMPTY =', '[repository.local]', "PATH: '/data'"],
    ].join('\r\n');
    expect(read('app.ini', text)).toEqual([
      ['APP_NAME', 'Forge'],
      ['security.SECRET_KEY', 'a#b;c'],
      ['security.INTERNAL_TOKEN', 'x=y'],
      ['security.EMPTY', ''],
      ['repository.local.PATH', '/data'],
    ]);
  });

  it('without an ending is JSON where it begins as such: ~/.n8n/config', () => {
    expect(read('/root/.n8n/config', '{\n\t"encryptionKey": "k#y=1"\n}')).toEqual([
      ['encryptionKey', 'k#y=1'],
    ]);
    expect(read('/srv/.env', 'KEY=1\n')).toEqual([['KEY', '1']]);
  });

  it('in PHP is an array of literals, and nothing of it is run: config.php of Nextcloud', () => {
    const text = `<?php
$CONFIG = array (
  'secret' => 'a\\'b\\\\c=>),', // not 'secret' => 'x'
  "salt" => "d\\"e",
  # and not this
  'trusted_domains' =>
  array (
    0 => 'localhost',
    1 => 'cloud.example.org',
  ),
  'memcache' => ['redis' => [ 'port' => 6379, 'timeout' => -1.5, ]],
  'dbpassword' => getenv('DB_PASSWORD', true) . ',',
  'class' => '\\OC\\Memcache\\APCu', /* , 'secret' => 'y' */
  'installed' => true, 'none' => null,
);
`;
    const values = [
      ['secret', "a'b\\c=>),"],
      ['salt', 'd"e'],
      ['trusted_domains.0', 'localhost'],
      ['trusted_domains.1', 'cloud.example.org'],
      ['memcache.redis.port', '6379'],
      ['memcache.redis.timeout', '-1.5'],
      ['class', '\\OC\\Memcache\\APCu'],
      ['installed', 'true'],
    ];
    expect(read('config/config.php', text)).toEqual(values);
    expect(read('config.php', `<?php return [ 'a' => 'b' ];`)).toEqual([['a', 'b']]);
  });

  it('that is not what its ending says is refused without a word of it', () => {
    for (const [path, text] of [
      ['a.json', '{"key": "geheim"'],
      ['b.yaml', 'a: [geheim'],
      ['c.ini', 'geheim'],
      ['d.php', "<?php $CONFIG = array ( 'a' => 'geheim'"],
      ['e.php', "<?php include 'geheim'; $CONFIG = array ( 'a' => 'geheim' );"],
      ['f.php', "<?php $CONFIG = array ( 'a' => 'geheim' ); $CONFIG['a'] = 'x';"],
      ['g', '{"key": "geheim"'],
    ] as const) {
      const refused = failureFrom(readEnvNames(text, { path, names: ['key'] }));
      expect(refused.message).toContain(path);
      expect(JSON.stringify(refused)).not.toContain('geheim');
    }
  });

  it('that refers to itself again and again is no way to fill the memory', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i += 1)
      lines.push(`a${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join(', ')}]`);
    expect(failureFrom(readEnvNames(lines.join('\n'), { path: 'a.yaml', names: [] })).code).toBe(
      'invalid-input',
    );
  });

  it('has all of its values masked', () => {
    for (const [path, text] of [
      ['config.json', '{"db": {"password": "ein langes Wort"}}'],
      ['config.php', "<?php $CONFIG = array ('db' => ['password' => 'ein langes Wort']);"],
    ] as const)
      expect(everyReading(text, { path }).map(([, value]) => value)).toContain('ein langes Wort');
  });
});
