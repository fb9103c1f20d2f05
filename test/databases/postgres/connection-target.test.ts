import { afterEach, expect, it } from 'vitest';
import { createSecret } from '../../../src/base/secret.ts';
import { connectionEnvironment } from '../../../src/databases/postgres/connection-environment.ts';
import { readConnectionTarget } from '../../../src/databases/postgres/connection-target.ts';
import { cleanEnvironment } from '../../../src/platform/clean-environment.ts';
import { hearOfSecrets } from '../../../src/platform/learned-secrets.ts';

const names = ['PGPASSWORD', 'PGPASSFILE', 'PGHOST', 'PGPORT', 'PGUSER'];
afterEach(() => {
  for (const name of names) Reflect.deleteProperty(process.env, name);
});

function programsOf(url: string): Readonly<Record<string, string>> {
  const target = readConnectionTarget(createSecret(url));
  if (!target.ok) throw new Error(target.failure.message);
  return cleanEnvironment(process.env, connectionEnvironment(target.value, { application: 'thaw' }));
}

it('A URL without a password takes that of PGPASSWORD, for pg_restore and psql as well, and it is masked', () => {
  process.env.PGPASSWORD = 'only-in-the-environment';
  process.env.PGPASSFILE = '/etc/thaw/pgpass';
  expect(programsOf('postgresql://thaw@db:5433/crm')).toMatchObject({
    PGPASSWORD: 'only-in-the-environment',
    PGPASSFILE: '/etc/thaw/pgpass',
  });
  expect(programsOf('postgresql://thaw:own@db:5433/crm').PGPASSWORD).toBe('own');
  const heard: string[] = [];
  hearOfSecrets((values) => heard.push(...values));
  expect(heard).toContain('only-in-the-environment');
});

it('The server is the one that the URL names, whatever a shell has set', () => {
  Object.assign(process.env, { PGHOST: 'another-server', PGPORT: '6543', PGUSER: 'somebody' });
  expect(programsOf('postgresql://thaw@/crm')).toMatchObject({
    ...{ PGHOST: 'localhost', PGPORT: '5432', PGUSER: 'thaw' },
  });
  const nobody = readConnectionTarget(createSecret('postgresql://db/crm'));
  expect(nobody.ok ? '' : nobody.failure.message).toContain('names no user');
});
