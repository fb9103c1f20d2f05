import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { createSecret, type Secret } from '../../base/secret.ts';

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
