import { resolve } from 'node:path';
import type { CommandContext } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import type { Options } from '../../app/options.ts';
import { findRun } from '../../app/run-log.ts';
import { damagedRecord } from '../../app/verify-record.ts';
import { recordAs } from '../../app/write-record.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { redactRecord } from '../../record/redact-record.ts';
import { renderRecord } from '../../record/render-record.ts';

/** `show` and `export` print the same; only the form and the masking differ. */
export async function showRecord(
  request: {
    readonly named: string | undefined;
    readonly options: Options<'format' | 'redact' | 'logFolder'> & Partial<Options<'json'>>;
  },
  { folder, stdout }: Pick<CommandContext, 'folder' | 'stdout'>,
): Promise<Outcome<number>> {
  const { named, options } = request;
  const logFolder = resolve(folder, options.logFolder);
  const run = await findRun({ logFolder, named, fits: () => true, what: 'run' });
  if (!run.ok) return run;
  const { folder: runFolder, reading } = run.value;
  const record = renderRecord(reading.entries, reading.head.hash);
  if (record === undefined) return fail(damagedRecord(runFolder.id, 'it has no facts'));
  const format = options.json === true ? 'json' : options.format;
  stdout.write(recordAs(options.redact ? redactRecord(record) : record, format));
  return succeed(exitStatus.verified);
}
