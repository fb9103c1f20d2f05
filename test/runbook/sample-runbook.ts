import { runbookSchema } from '../../src/registry/kinds.ts';
import { parseRunbook } from '../../src/runbook/parse-runbook.ts';
import type { Runbook } from '../../src/runbook/schema.ts';

/** The smallest whole runbook; tests change one thing of it. */
export const sampleText = `thaw: 1
name: crm
title: CRM
objectives: { rto: 30m, rpo: 1h }
inputs:
  DATABASE_URL: { about: the database, secret: true }
backups:
  store: { kind: directory, path: /backups }
  dumps: { layout: "pg/{host}/{date}/{hour}.dump.gz" }
  objects: { prefix: minio/ }
production:
  database: { url: "\${DATABASE_URL}" }
  objects: { kind: directory, path: /live }
  services: { kind: process, controlFile: /control.json }
  envFile: .env
drill:
  database: { url: postgresql://u@sandbox/crm }
  objects: { kind: directory, path: /sandbox }
steps:
  - kind: choose-snapshot
  - kind: stop-writers
    services: [web]
  - kind: fetch
  - kind: decrypt
  - kind: restore-database
  - kind: mirror-objects
    alongside: true
  - kind: verify-secrets
    required: [DATABASE_URL]
  - kind: start-services
`;

export function runbookFrom(text: string): Runbook {
  const parsed = parseRunbook({ path: 'crm.yaml', text, schema: runbookSchema });
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value.runbook;
}
