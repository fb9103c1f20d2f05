import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { sqlName, sqlText } from './quoting.ts';
import { createSecret, type Secret } from './secret.ts';

const iterations = 4096;

/** 192 random bits, in characters that no URL and no statement has to escape. */
export function randomPassword(): Secret {
  return createSecret(randomBytes(24).toString('base64url'));
}

/**
 * What the server keeps of a password (RFC 5803, as src/common/scram-common.c writes it). A statement that carries this instead of
 * the password gives nothing away in the server's log.
 */
export function scramVerifier(password: Secret): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password.reveal(), salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`;
}

/** pg_restore opens a connection a job; what a dump could open beside them is bounded. */
export const mostConnections = 64;

/** For an administrator: a role that a user without CREATEROLE restores dumps by (docs/decisions/0050-the-cell.md). */
export function givenCellStatements(of: {
  readonly role: string;
  readonly user: string;
  readonly password: Secret;
}): readonly string[] {
  const role = sqlName(of.role);
  return [
    `CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT CONNECTION LIMIT ${mostConnections} PASSWORD ${sqlText(scramVerifier(of.password))}`,
    `COMMENT ON ROLE ${role} IS 'thaw restores dumps with it; it owns nothing and is a member of nothing'`,
    `GRANT ${role} TO ${sqlName(of.user)}`,
  ];
}
