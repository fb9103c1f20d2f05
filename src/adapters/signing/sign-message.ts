import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { readPrivateKey } from '../../base/ssh-key.ts';
import { makeSshSignature } from '../../base/ssh-signature.ts';
import { readWhole } from '../../platform/read-whole.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';

/** ssh-keygen takes no longer, unless it waits for a passphrase that nobody can type. */
const stallMs = 60_000;

type Tools = {
  readonly processes: ProcessRunner;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/**
 * An armored signature as `ssh-keygen -Y sign` makes it. A key that lies open is used here, so that a host without ssh-keygen can sign; one
 * in an agent, in a token or of another kind ssh-keygen signs with.
 *
 * @param request.keyFile a private key, or the public half of one that ssh-agent holds.
 */
export async function signMessage(
  tools: Tools,
  request: { readonly keyFile: string; readonly namespace: string; readonly message: string },
): Promise<Outcome<string>> {
  const { keyFile, namespace, message } = request;
  let text: string;
  try {
    text = String(await readWhole(keyFile));
  } catch (error) {
    const failure = describeFileFailure({ doing: `read the signing key ${keyFile}`, error });
    return fail({ ...failure, remedy: `Name a private key as OpenSSH keeps it. ${failure.remedy}` });
  }
  const pair = readPrivateKey(text);
  if (pair !== undefined) return succeed(makeSshSignature(pair, { namespace, message }));
  const agent = tools.environment.SSH_AUTH_SOCK;
  const ran = await tools.processes.run({
    program: 'ssh-keygen',
    args: ['-Y', 'sign', '-f', keyFile, '-n', namespace],
    input: message,
    stallMs,
    ...(agent === undefined ? {} : { env: { SSH_AUTH_SOCK: agent } }),
  });
  if (!ran.ok) return ran;
  if (ran.value.exitCode === 0 && ran.value.stdout.includes('BEGIN SSH SIGNATURE'))
    return succeed(ran.value.stdout);
  return fail({
    code: 'command-failed',
    message: `ssh-keygen cannot sign with ${keyFile}: it ends with status ${ran.value.exitCode}.`,
    remedy: 'Name a private key that needs no passphrase, or the public half of one that ssh-agent holds.',
    retry: 'after-fix',
    detail: ran.value.stderr.trim(),
  });
}
