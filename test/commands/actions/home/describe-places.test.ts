import { describe, expect, test } from 'vitest';
import { describePlaces } from '../../../../src/commands/actions/home/describe-places.ts';
import { runbookSchema } from '../../../../src/registry/kinds.ts';
import { parseRunbook } from '../../../../src/runbook/parse-runbook.ts';

/** As a runbook writes it. */
const given = (name: string) => `\${${name}}`;

function runbook(url: string, change: (text: string) => string = (text) => text) {
  const text = `thaw: 1
name: crm
title: CRM
objectives: { rto: 30m, rpo: 1h }
inputs:
  DATABASE_URL: { about: the database, secret: true }
  DATABASE_PASSWORD: { about: its password, secret: true }
  BUCKET: { about: the bucket }
backups:
  store: { kind: s3, endpoint: "https://s3.example.org", bucket: "\${BUCKET}", accessKey: key, secretKey: hush-hush }
  dumps: { layout: "pg/{host}/{date}/{hour}.dump.gz" }
production:
  database: { url: "${url}" }
  objects: { kind: directory, path: /srv/objects }
  services: { kind: compose, file: compose.yaml, project: crm }
steps:
  - { kind: confirm, text: Look }
`;
  const parsed = parseRunbook({ path: 'crm.yaml', text: change(text), schema: runbookSchema });
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value.runbook;
}

describe('What a mode may touch, in words', () => {
  test('names database, host and port, and never user or password', () => {
    const values = new Map([
      ['DATABASE_URL', 'postgresql://admin:hush-hush@10.0.0.5/crm'],
      ['BUCKET', 'backups'],
    ]);
    const { production } = describePlaces(runbook(given('DATABASE_URL')), values);
    expect(production).toEqual({
      database: 'database crm at 10.0.0.5:5432',
      objects: 'objects in /srv/objects',
      services: 'services of compose project crm',
      backups: 'objects in s3://backups at s3.example.org',
    });
    expect(JSON.stringify(production)).not.toMatch(/admin|hush/);
  });

  test('a drill that names no server, or leaves its URL empty, makes one of its own where it restores a database', () => {
    const restoring = (text: string) =>
      text.replace('{ kind: confirm, text: Look }', '{ kind: restore-database }');
    const named = `drill: { database: { url: "${given('DATABASE_URL')}" } }\nsteps:`;
    const url = 'postgresql://u@127.0.0.1/crm';
    const drillOf = (change: (text: string) => string, value: string) =>
      describePlaces(runbook(url, change), new Map([['DATABASE_URL', value]])).drill.database;
    expect(drillOf(restoring, '')).toBe('a throwaway PostgreSQL of this host');
    const withInput = (text: string) => restoring(text).replace('steps:', named);
    expect(drillOf(withInput, '')).toBe('a throwaway PostgreSQL of this host');
    expect(drillOf(withInput, 'postgresql://u@10.0.0.6/crm')).toBe('database crm at 10.0.0.6:5432');
    expect(drillOf((text) => text, '')).toBeUndefined();
  });

  test('a database that its container reaches is named with it', () => {
    const inCluster = runbook('postgresql://u@127.0.0.1/crm', (text) =>
      text
        .replace('/crm" }', '/crm", via: { kind: kubernetes, namespace: crm, pod: statefulset/db } }')
        .replace(
          '{ kind: compose, file: compose.yaml, project: crm }',
          '{ kind: kubernetes, namespace: crm }',
        ),
    );
    const { production } = describePlaces(inCluster, new Map());
    expect(production.database).toBe('database crm at 127.0.0.1:5432 through statefulset/db');
    expect(production.services).toBe('workloads of namespace crm');
  });

  test('what is not at hand is named by its variable', () => {
    const { production } = describePlaces(runbook(given('DATABASE_URL')), new Map());
    expect(production.database).toBe('what DATABASE_URL names (not set here)');
    expect(production.backups).toBe('what BUCKET names (not set here)');
  });

  test('a password that is missing hides no place', () => {
    const { production } = describePlaces(
      runbook(`postgresql://admin:${given('DATABASE_PASSWORD')}@10.0.0.5:6432/crm`),
      new Map(),
    );
    expect(production.database).toBe('database crm at 10.0.0.5:6432');
  });

  test('a password with an @ in it stays hidden too', () => {
    const values = new Map([['DATABASE_PASSWORD', 'p@ss/w@rd']]);
    const { production } = describePlaces(
      runbook(`postgresql://admin:${given('DATABASE_PASSWORD')}@10.0.0.5:6432/crm`),
      values,
    );
    expect(production.database).toBe('database crm at 10.0.0.5:6432');
  });
});
