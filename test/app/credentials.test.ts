import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadRunbook, readyRunbook } from '../../src/app/load-runbook.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thaw-credentials-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const given = (name: string) => `\${${name}}`;

it('masks what stands where a credential belongs, though nobody declared the input to be a secret', async () => {
  const text = `thaw: 1
name: crm
title: CRM
objectives: { rto: 30m, rpo: 1h }
inputs:
  BUCKET: { about: the bucket }
  STORE_WORDS: { about: its key }
  HOOK: { about: the webhook }
backups:
  store: { kind: s3, endpoint: "https://s3.example.org", bucket: "${given('BUCKET')}", accessKey: key-id, secretKey: "${given('STORE_WORDS')}" }
  dumps: { layout: "pg/{host}/{date}/{hour}.dump.gz" }
production:
  database: { url: postgresql://u@127.0.0.1/crm }
  objects: { kind: s3, endpoint: "https://s3.example.org", bucket: live, accessKey: key-id, secretKey: written-down }
monitor:
  alerts: [{ kind: slack, webhook: "${given('HOOK')}" }]
steps:
  - { kind: confirm, text: Look }
`;
  await writeFile(join(folder, 'crm.yaml'), text);
  const loaded = await loadRunbook('./crm.yaml', { folder, environment: {} });
  if (!loaded.ok) throw new Error(loaded.failure.message);
  const ready = await readyRunbook(loaded.value, {
    mode: 'live',
    environment: { BUCKET: 'crm-backups', STORE_WORDS: 'from-the-environment', HOOK: 'https://hook/secret' },
    envFiles: [],
    wants: ({ monitor }) => monitor,
  });
  if (!ready.ok) throw new Error(ready.failure.message);
  const said = ready.value.redact('crm-backups key-id from-the-environment written-down https://hook/secret');
  expect(said).toBe('crm-backups key-id ‹secret› ‹secret› ‹secret›');
});
