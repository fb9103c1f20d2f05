// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of a runbook look like this.
import { describe, expect, it } from 'vitest';
import { handlers } from '../../src/registry/kinds.ts';
import { lintRunbook } from '../../src/runbook/lint-runbook.ts';
import { runbookFrom, sampleText } from './sample-runbook.ts';

function findings(change: (text: string) => string): readonly string[] {
  const text = change(sampleText);
  expect(text).not.toBe(sampleText);
  return lintRunbook(runbookFrom(text), handlers);
}

const replace = (from: string, to: string) => (text: string) => {
  expect(text).toContain(from);
  return text.replace(from, to);
};
const append = (text: string) => (whole: string) => whole + text;
const smoke = (items: string, id = 'smoke') =>
  `  - kind: smoke-checklist\n    id: ${id}\n    items: [${items}]\n`;
const item = (id: string) => `{ kind: attest, id: ${id}, title: t, instructions: i }`;

const throughPod = (pod: string, name: string) => (text: string) =>
  text
    .replace('{ kind: process, controlFile: /control.json }', '{ kind: kubernetes, namespace: erp }')
    .replace(
      '{ url: "${DATABASE_URL}" }',
      `{ url: "\${DATABASE_URL}", via: { kind: kubernetes, namespace: erp, pod: ${pod} } }`,
    )
    .replace('services: [web]', `services: [${name}]`);

describe('a runbook that holds together', () => {
  it('has no findings', () => {
    expect(lintRunbook(runbookFrom(sampleText), handlers)).toEqual([]);
  });

  it.each([
    ['postgres-0', 'web'],
    ['postgres', 'postgres'],
    ['webserver-0', 'web'],
    ['web-cache-0', 'web'],
    ['web-cache-7d9c6b5f4-x2x4z', 'web'],
    ['statefulset/web-0', 'web'],
  ])('may reach its database through pod %s and stop %s', (pod, name) => {
    expect(findings(throughPod(pod, name))).toEqual([]);
  });

  it('may stop what is called alike in another namespace', () => {
    expect(
      findings((text) =>
        throughPod(
          'web-0',
          'web',
        )(text).replace('{ kind: kubernetes, namespace: erp }', '{ kind: kubernetes, namespace: shop }'),
      ),
    ).toEqual([]);
  });

  it('may hold a placeholder in its layout', () => {
    const fill = replace('pg/{host}/', 'pg/${DATABASE_URL}/');
    expect(findings(fill)).toEqual([]);
  });
});

describe('what a schema cannot say', () => {
  it.each([
    [
      'an unknown placeholder',
      replace('path: /live', 'path: "${LIVE}"'),
      '${LIVE} is used but not declared under inputs.',
    ],
    [
      'an unused input',
      replace('  DATABASE_URL:', '  SPARE: { about: x }\n  DATABASE_URL:'),
      'Input SPARE is declared but nothing uses it.',
    ],
    [
      'a placeholder in lower case',
      replace('path: /live', 'path: "${live}"'),
      '${live} is no placeholder; write ${NAME}, in upper case.',
    ],
    [
      'a placeholder without an end',
      replace('path: /live', 'path: "${LIVE"'),
      '${LIVE is no placeholder; write ${NAME}, in upper case.',
    ],
    [
      'a layout with an hour of no day',
      replace('pg/{host}/{date}/{hour}.dump.gz', 'pg/{hour}.dump'),
      'backups.dumps.layout: The layout names an hour and no day: it needs {date}, or {year}, {month} and {day}.',
    ],
    [
      'two steps of one id',
      append('  - { kind: confirm, text: a }\n  - { kind: confirm, text: b }\n'),
      'Two steps have the id confirm; give one of them another id.',
    ],
    [
      'two restores',
      append('  - { kind: restore-database, id: again }\n'),
      'Two steps are of the kind restore-database; a runbook may have one.',
    ],
    [
      'two items of one id in one list',
      append(smoke(`${item('a')}, ${item('a')}`)),
      'Two checklist items have the id a.',
    ],
    [
      'two items of one id in two lists',
      append(smoke(item('a')) + smoke(item('a'), 'more')),
      'Two checklist items have the id a.',
    ],
    [
      'fetching before choosing',
      replace('  - kind: choose-snapshot\n', ''),
      'fetch must come after choose-snapshot.',
    ],
    [
      'stopping before choosing',
      replace(
        '  - kind: choose-snapshot\n  - kind: stop-writers\n    services: [web]\n',
        '  - kind: stop-writers\n    services: [web]\n  - kind: choose-snapshot\n',
      ),
      'stop-writers must come after choose-snapshot: nothing is stopped for a backup that cannot be opened.',
    ],
    [
      'decrypting beside fetching',
      replace('  - kind: decrypt\n', '  - kind: decrypt\n    alongside: true\n'),
      'decrypt needs fetch to be done, and cannot run alongside it.',
    ],
    [
      'fetching beside the writers and decrypting beside that',
      replace(
        '  - kind: fetch\n  - kind: decrypt\n',
        '  - { kind: fetch, alongside: true }\n  - { kind: decrypt, alongside: true }\n',
      ),
      'decrypt needs fetch to be done, and cannot run alongside it.',
    ],
    [
      'starting services beside the restore',
      replace(
        '  - kind: mirror-objects\n',
        '  - { kind: start-services, id: early, alongside: true }\n  - kind: mirror-objects\n',
      ),
      'start-services needs restore-database to be done, and cannot run alongside it.',
    ],
    [
      'trying a key on rows that are not restored',
      replace(
        '  - kind: stop-writers\n',
        '  - { kind: verify-secrets, id: early, required: [A], probes: [{ title: t, secret: A, query: q, layout: "iv:tag:ciphertext", lossIfWrong: l }] }\n  - kind: stop-writers\n',
      ),
      'verify-secrets must come after restore-database.',
    ],
    [
      'asking a database that is not restored',
      replace(
        '  - kind: fetch\n',
        `${smoke('{ kind: query, id: q, title: t, query: q, expect: {} }')}  - kind: fetch\n`,
      ),
      'smoke-checklist must come after restore-database.',
    ],
    [
      'a first step beside nothing',
      replace('  - kind: choose-snapshot\n', '  - { kind: choose-snapshot, alongside: true }\n'),
      'The first step cannot run alongside the step before it.',
    ],
    [
      'services that are not declared',
      replace('  services: { kind: process, controlFile: /control.json }\n', ''),
      'stop-writers, start-services needs production.services, which is not declared.',
    ],
    [
      'secrets opened after they are looked at',
      append('  - { kind: open-secrets, from: s.env, ageIdentityFile: a.key }\n'),
      'verify-secrets must come after open-secrets, which puts the file in place that it reads.',
    ],
    [
      'secrets opened while they are looked at',
      replace(
        '  - kind: verify-secrets\n',
        '  - { kind: open-secrets, from: s.env, ageIdentityFile: a.key }\n  - kind: verify-secrets\n    alongside: true\n',
      ),
      'verify-secrets must come after open-secrets, which puts the file in place that it reads.',
    ],
    [
      'secrets opened without a key',
      append('  - { kind: open-secrets, from: s.env, into: other.env }\n'),
      'open-secrets needs an age key: ageIdentityFile, or backups.key.ageIdentityFile.',
    ],
    [
      'names wanted of a file without names',
      append(
        '  - { kind: open-secrets, from: s, into: key, format: binary, ageIdentityFile: a.key, required: [A] }\n',
      ),
      'open-secrets requires A, but a binary file has no names.',
    ],
    [
      'stopping the compose service of the database',
      (text: string) =>
        throughPod(
          'none',
          'web',
        )(text)
          .replace('{ kind: kubernetes, namespace: erp }', '{ kind: compose, file: c.yml }')
          .replace(
            '{ kind: kubernetes, namespace: erp, pod: none }',
            '{ kind: compose, file: c.yml, service: web }',
          ),
      'stop-writers stops web, through whose container the database is reached.',
    ],
    [
      'secrets without a file',
      replace('  envFile: .env\n', ''),
      'verify-secrets needs production.envFile, which is not declared.',
    ],
    [
      'a mirror without a source',
      replace('  objects: { prefix: minio/ }\n', ''),
      'mirror-objects needs backups.objects, which is not declared.',
    ],
    [
      'a mirror without a target',
      replace('  objects: { kind: directory, path: /live }\n', ''),
      'mirror-objects needs production.objects, which is not declared.',
    ],
    [
      'a mirror without a target in drills',
      replace('  objects: { kind: directory, path: /sandbox }\n', ''),
      'mirror-objects in a drill needs drill.objects, which is not declared.',
    ],
    [
      'a recovery without its own URL in drills',
      (text: string) =>
        replace(
          '  database: { url: postgresql://u@sandbox/crm }\n',
          '',
        )(`${text}  - { kind: recover-cluster, folder: /srv/recovered, port: "5499" }\n`),
      'recover-cluster in a drill needs drill.database, which is not declared.',
    ],
  ])('%s', (_what, change, finding) => {
    expect(findings(change)).toContain(finding);
  });

  it.each(['statefulset/web', 'deploy/web', 'web-0', 'web-7d9c6b5f4-x2x4z'])(
    'stopping the pod %s, through which the database is reached',
    (pod) => {
      expect(findings(throughPod(pod, 'web'))).toContain(
        'stop-writers stops web, through whose container the database is reached.',
      );
    },
  );
});
