import { PassThrough, type Readable } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { sayInstall } from '../../platform/plan-install.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import type { OpenedLayer } from '../layer.ts';
import { quiet } from '../stream-parts.ts';
import { damagedMessage, wrongIdentity } from './age-failure.ts';

/** It takes no byte and gives none for that long only when it, its plugin, the disk or whatever feeds it hangs. */
const stallMs = 120_000;

/** SSH keys and plugins (age-plugin-yubikey and others) are for age itself. */
export async function openWithAgeProgram(request: {
  readonly source: Readable;
  readonly identityFile: string;
  readonly processes: ProcessRunner;
}): Promise<Outcome<OpenedLayer>> {
  const { source, identityFile, processes } = request;
  const name = await ageName(processes);
  if (!name.ok) {
    source.destroy();
    return name;
  }
  const content = quiet(new PassThrough({ highWaterMark: 1024 * 1024 }));
  // An error of the source ends the input of age like a short file; the cause must not be lost on the way.
  source.once('error', (error) => content.destroy(error));
  const finish = async (): Promise<void> => {
    const run = await processes.run({
      program: 'age',
      args: ['--decrypt', '--identity', identityFile],
      env: { LC_ALL: 'C' },
      inputFrom: source,
      outputTo: content,
      stallMs,
      // Silence is ours while nobody takes what it has said.
      stillWorking: async () => content.writableNeedDrain,
    });
    if (content.destroyed) return;
    // Each 64 KiB is authenticated before it is given out, and only the status says that the last one was there.
    if (run.ok && run.value.exitCode === 0) content.end();
    else
      content.destroy(createBodyError(run.ok ? whyNotOpened(run.value.stderr, identityFile) : run.failure));
  };
  const settled = finish();
  content.once('close', () => source.destroy());
  return succeed({ stream: content, settled, engine: name.value });
}

/** @returns its name and version, for people. */
export async function ageName(processes: ProcessRunner): Promise<Outcome<string>> {
  const version = await processes.run({ program: 'age', args: ['--version'], stallMs: 30_000 });
  if (version.ok && version.value.exitCode === 0) return succeed(`age ${version.value.stdout.trim()}`.trim());
  return fail({
    code: 'tool-missing',
    message: 'SSH keys and plugins of age are opened by the program age, which is not on this host.',
    remedy: `Bring the plugin that the identity names. ${sayInstall({ program: 'age' })}`,
    retry: 'after-fix',
    lacks: { program: 'age' },
  });
}

/** What age 1.1 to 1.3 says; whatever else it says is about the message. */
function whyNotOpened(stderr: string, identityFile: string): Failure {
  const error = stderr.trim();
  if (/no identity matched|incorrect identity/i.test(error))
    return wrongIdentity({
      message: `No identity in ${identityFile} opens the backup.`,
      remedy: 'Give the identity of one of its recipients.',
      error,
    });
  if (/passphrase|terminal|tty/i.test(error))
    return wrongIdentity({
      message: `The identity ${identityFile} is locked with a passphrase, and age asks for it at a terminal only.`,
      remedy: 'Make a copy without one where nobody else can read it: ssh-keygen -p on a copy of an SSH key.',
      error,
    });
  if (/plugin|identity file|reading "|malformed/i.test(error))
    return wrongIdentity({
      message: `age cannot use the identity ${identityFile}.`,
      remedy: 'Install the plugin that it names, or give another identity of one of the recipients.',
      error,
    });
  return damagedMessage(error);
}
