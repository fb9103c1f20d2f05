import { readDotenv, readTree } from '../../src/adapters/sops/sops-secret-files.ts';
import { type Failure, fail, type Outcome, succeed } from '../../src/base/failure.ts';
import type { OpenedFile, SealedFile, SecretFiles } from '../../src/ports/secret-files.ts';

export type FakeSecretFiles = SecretFiles & {
  /** By path: what comes out with the right key, as JSON for YAML; or why nothing does. */
  readonly sealed: Map<string, string | Failure>;
  /** The identity file that opens all of them. */
  key: string;
  /** How often something was opened. */
  opened: number;
};

/** Sealed files in memory: what the real ones do with bytes is tried with sops itself. */
export function createFakeSecretFiles(): FakeSecretFiles {
  const open = (sealed: SealedFile): Outcome<OpenedFile> => {
    const found = fake.sealed.get(sealed.path) ?? missing(sealed.path);
    if (sealed.identityFile !== fake.key) return fail(wrongKey(sealed));
    if (typeof found !== 'string') return fail(found);
    const values =
      sealed.format === 'dotenv'
        ? readDotenv(found, sealed.path)
        : succeed(sealed.format === 'binary' ? new Map([['', found]]) : readTree(found));
    if (!values.ok) return values;
    return succeed({ content: Buffer.from(found), values: values.value });
  };
  const fake: FakeSecretFiles = {
    sealed: new Map(),
    key: '/etc/age.key',
    opened: 0,
    describe: ({ path }) => `sops --decrypt ${path}`,
    inspect: async (sealed) => {
      const outcome = open(sealed);
      return [
        succeed('sops 3.0.0 is there'),
        outcome.ok ? succeed(`${sealed.path} is for this key`) : outcome,
      ];
    },
    open: async ({ sealed }) => {
      fake.opened += 1;
      return open(sealed);
    },
  };
  return fake;
}

function wrongKey(sealed: SealedFile): Failure {
  return {
    code: 'wrong-key',
    message: `${sealed.identityFile} does not open ${sealed.path}.`,
    remedy: 'Give another key.',
    retry: 'after-fix',
  };
}

function missing(path: string): Failure {
  return {
    code: 'not-found',
    message: `Cannot read ${path}: it is not there.`,
    remedy: 'Check the path.',
    retry: 'after-fix',
  };
}
