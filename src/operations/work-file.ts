import { type Outcome, succeed } from '../base/failure.ts';
import type { StepContext } from '../kinds/kind.ts';

/**
 * Whether a file of the work folder is still what this run wrote there: hours, a crash and other hands may lie between. Reading it all costs
 * minutes where it is big, so that is done where an attempt with it has come to nothing.
 *
 * @returns why it has to be made again, in words; undefined where it need not.
 */
export async function whyNotAsWritten(
  context: Pick<StepContext<'host'>, 'world' | 'signal'>,
  request: {
    /** For people: the unpacked dump. */
    readonly what: string;
    readonly file: { readonly path: string; readonly sizeBytes: number; readonly sha256: string };
    readonly wasTried: boolean;
  },
): Promise<Outcome<string | undefined>> {
  const { what, file, wasTried } = request;
  const { host } = context.world;
  const size = await host.fileSize(file.path);
  if (!size.ok) return size;
  if (size.value === undefined) return succeed(`${what} is gone`);
  const changed = `${what} is not what this run wrote there any more`;
  if (size.value !== file.sizeBytes) return succeed(changed);
  if (!wasTried) return succeed(undefined);
  const digest = await host.fileDigest(file.path, context.signal);
  if (!digest.ok) return digest;
  return succeed(digest.value === file.sha256 ? undefined : changed);
}
