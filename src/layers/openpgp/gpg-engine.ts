import { PassThrough, type Readable } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import type { KeyConfig } from '../../ports/unpacker.ts';
import type { OpenedLayer } from '../layer.ts';
import { quiet } from '../stream-parts.ts';
import { openGpgHome } from './gpg-home.ts';
import { listSecretKeys } from './gpg-keyring.ts';
import { type GpgStatus, judgeDecryption, readStatusLine } from './gpg-status.ts';

/** It takes no byte and gives none for that long only when it, its agent, the disk or whatever feeds it hangs. */
const stallMs = 120_000;

/** undefined where there is no gpg on this host. */
export async function gpgName(processes: ProcessRunner): Promise<string | undefined> {
  const version = await processes.run({
    program: 'gpg',
    args: ['--version'],
    env: { LC_ALL: 'C' },
    stallMs: 30_000,
  });
  if (!version.ok || version.value.exitCode !== 0) return undefined;
  return `gpg ${/\(GnuPG[^)]*\) (\S+)/.exec(version.value.stdout)?.[1] ?? ''}`.trim();
}

/**
 * The content as a stream that ends cleanly only after gpg has proven its integrity, and fails otherwise. Streamed
 * through standard input and output, so that no second copy lies on the disk.
 */
export async function openWithGpg(request: {
  readonly source: Readable;
  readonly config: KeyConfig;
  readonly processes: ProcessRunner;
  /** Its name and version, as `gpgName` has it. */
  readonly engine: string;
}): Promise<Outcome<OpenedLayer>> {
  const { source, config, processes, engine } = request;
  const home = await openGpgHome({ config, processes });
  if (!home.ok) {
    source.destroy();
    return fail(home.failure);
  }
  const { gpg, remove } = home.value;
  const keys = await listSecretKeys(home.value);
  const keyIds = keys.ok ? keys.value.flatMap((key) => key.keyIds) : [];
  const statuses: GpgStatus[] = [];
  const content = quiet(new PassThrough({ highWaterMark: 1024 * 1024 }));
  // An error of the source ends gpg's input like a short file; the cause must not be lost on the way.
  source.once('error', (error) => content.destroy(error));

  const finish = async (): Promise<void> => {
    const run = await gpg({
      args: ['--decrypt'],
      inputFrom: source,
      outputTo: content,
      stallMs,
      // Silence is ours while nobody takes what it has said.
      stillWorking: async () => content.writableNeedDrain,
      onLine: (line) => {
        const status = readStatusLine(line);
        if (status !== undefined) statuses.push(status);
      },
    });
    await remove();
    if (content.destroyed) return;
    if (!run.ok) {
      content.destroy(createBodyError(run.failure));
      return;
    }
    const { exitCode, stderr } = run.value;
    const words = stderr.replace(/^\[GNUPG:\].*\n?/gm, '');
    const failure = judgeDecryption({ exitCode, statuses, words, keyIds });
    if (failure === undefined) content.end();
    else content.destroy(createBodyError(failure));
  };
  const settled = finish();
  content.once('close', () => source.destroy());
  return succeed({ stream: content, settled, engine });
}
