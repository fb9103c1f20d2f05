import { dumpArchive, zip } from '../../parts/port-nimara-backups.ts';
import { runThaw } from '../../parts/thaw.ts';
import type { Case } from './stand.ts';

/** What is wrong with a key, with what it opens, or with the secrets. */
export const keyCases: readonly Case[] = [
  {
    wrong: 'a dump that was encrypted for another key',
    prepare: async (stand) => {
      const other = stand.nimara.gpg.makeKey({ userId: 'someone@else.invalid', kind: 'ed25519' });
      return stand.otherDump(stand.nimara.gpg.encryptTo([other], stand.wrapped));
    },
    status: 3,
    says: /Snapshot \S+ does not open\. The backup is encrypted for [0-9A-F]{16}; the keys at hand are [0-9A-F]{16}/,
    remedy: /to do: Name the secret key of one of those ids/,
  },
  {
    wrong: 'a wrong passphrase',
    prepare: () => ({ env: { BACKUP_GPG_PASSPHRASE: 'not the passphrase' } }),
    status: 3,
    says: /The passphrase does not open /,
    remedy: /to do: Correct the passphrase/,
  },
  {
    wrong: 'a key file that does not exist',
    prepare: () => ({ env: { BACKUP_GPG_PRIVATE_KEY_FILE: '/nowhere/key.asc' } }),
    status: 3,
    says: /\/nowhere\/key\.asc/,
    remedy: /to do: .*(path|file)/i,
  },
  {
    wrong: 'an archive of a newer pg_dump',
    prepare: async (stand) => {
      const archive = Buffer.from(await dumpArchive(stand.nimara));
      // PGDMP, then major, minor, revision: 1.16 is what pg_dump 17 writes.
      archive[6] = 16;
      return stand.otherDump(stand.encrypt(await zip(archive)));
    },
    status: 3,
    says: /pg_restore 15\S* .*cannot read \S+: archive 1\.16/,
    remedy: /Install postgresql-client-17 or newer/,
  },
  {
    wrong: 'something that is no dump at all',
    prepare: async (stand) =>
      stand.otherDump(stand.encrypt(await zip(Buffer.from('SELECT 1;\n'.repeat(100))))),
    status: 3,
    says: /Snapshot \S+ does not open\. /,
    remedy: /to do: /,
  },
  {
    wrong: 'a missing .env',
    prepare: () => ({ env: { CRM_ENV_FILE: '/nowhere/.env' } }),
    status: 3,
    says: /\/nowhere\/\.env/,
    remedy: /to do: /,
  },
  {
    wrong: 'an .env without ENCRYPTION_KEY',
    prepare: async (stand) => ({
      env: { CRM_ENV_FILE: await stand.envFile((text) => text.replace(/^ENCRYPTION_KEY=.*$/m, '')) },
    }),
    status: 3,
    says: /changed\.env has no ENCRYPTION_KEY/,
    remedy: /Pull the file from the secrets vault again/,
  },
  {
    wrong: 'an ENCRYPTION_KEY with another fingerprint',
    prepare: async (stand) => {
      const { text } = await runThaw({
        args: ['fingerprint', '.env', 'ENCRYPTION_KEY'],
        env: stand.nimara.environment,
        cwd: stand.nimara.folder,
      });
      const wrong = await stand.envFile((file) =>
        file.replace(/^ENCRYPTION_KEY=.*$/m, `ENCRYPTION_KEY=${'ab'.repeat(32)}`),
      );
      return { env: { CRM_ENV_FILE: wrong, ENCRYPTION_KEY_FINGERPRINT: text.trim() } };
    },
    status: 3,
    says: /ENCRYPTION_KEY has the fingerprint \S+ instead of \S+: .*OCR API keys.* are lost/,
    remedy: /Find the ENCRYPTION_KEY that was in use when the backup was taken/,
  },
];
