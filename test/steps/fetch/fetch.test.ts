import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dumpDigestFact } from '../../../src/kinds/dump-facts.ts';
import { readFact } from '../../../src/kinds/fact.ts';
import { fetchDump } from '../../../src/steps/fetch/fetch.ts';
import { toyStep } from '../../engine/toy-handlers.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';

const step = toyStep('fetch') as never;
const key = 'pg/a/2026-04-28/14.dump.gz';
const content = 'the dump '.repeat(100);
const sha256 = createHash('sha256').update(content).digest('hex');
const md5 = createHash('md5').update(content).digest('hex');

function contextWith(snapshot: object = {}, facts: object = {}) {
  const context = createFakeContext({
    facts: {
      snapshot: {
        id: '14',
        key,
        takenAtMs: 0,
        sizeBytes: content.length,
        etag: md5,
        layers: ['gzip'],
        loss: 'l',
        ...snapshot,
      },
      ...facts,
    },
  });
  context.world.stores.backups?.place(key, { content });
  return context;
}

const manifest = (digest: string) => ({
  manifest: {
    thawManifest: 1,
    takenAt: '2026-04-28T14:02:00Z',
    host: 'a',
    dump: { key, sizeBytes: content.length, sha256: digest },
    tables: [],
  },
});

describe('fetching the dump', () => {
  it('brings it whole, and says its digest', async () => {
    const context = contextWith();
    expect((await fetchDump.run(step, context)).ok).toBe(true);
    expect(context.facts.get('dump-file')).toMatchObject({ sha256, md5, sizeBytes: content.length });
    expect(context.said).toContain(`sha256 ${sha256}  ${key}`);
  });

  it.each([
    ["the store's MD5", {}, {}, "passed: MD5 equals the store's"],
    ['another MD5', { etag: 'b'.repeat(32) }, {}, "failed: MD5 differs from the store's"],
    ['the manifest', {}, manifest(sha256), 'passed: SHA-256 equals the manifest'],
    [
      'another digest in the manifest',
      {},
      manifest('c'.repeat(64)),
      'failed: SHA-256 differs from the manifest',
    ],
    ['nothing to compare with', { etag: `${md5}-2` }, {}, 'could-not-verify: there is no digest to compare'],
  ])('is held against %s', async (_what, snapshot, facts, line) => {
    const context = contextWith(snapshot, facts);
    await fetchDump.run(step, context);
    const checks = words(await fetchDump.verify(step, context));
    expect(checks[1]).toMatch(new RegExp(`^${line}`));
    const digest = readFact(dumpDigestFact, { fact: context.fact });
    const verdict =
      digest === undefined ? 'could-not-verify' : digest.found === digest.expected ? 'passed' : 'failed';
    expect(line).toMatch(new RegExp(`^${verdict}: .*${digest?.algorithm ?? 'no digest'}`));
  });

  it('fails when the dump is no longer there', async () => {
    const context = contextWith({ key: 'pg/a/gone.dump.gz' });
    expect(await fetchDump.run(step, context)).toMatchObject({ ok: false, failure: { code: 'not-found' } });
  });

  it('finds a dump of another length', async () => {
    const context = contextWith({ sizeBytes: 7 });
    await fetchDump.run(step, context);
    expect(words(await fetchDump.verify(step, context))[0]).toBe(
      `failed: ${content.length} bytes fetched instead of 7`,
    );
  });

  it('is blocked beforehand where there is no room for it', async () => {
    const context = contextWith();
    expect(words(await fetchDump.check(step, context))[0]).toMatch(/^passed/);
    context.world.host.free(1000);
    expect(words(await fetchDump.check(step, context))[0]).toMatch(
      /^failed: Not enough space in \/scratch\//,
    );
  });
});
