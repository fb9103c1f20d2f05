import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ControlData } from '../../ports/cluster-tools.ts';

/** `Latest checkpoint's TimeLineID:       1`, one line a value; in English when asked with LC_ALL=C. */
export function readControlLines(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const found = /^([^:]+):\s+(.*)$/.exec(line);
      return found === null ? [] : [[found[1] ?? '', (found[2] ?? '').trim()] as const];
    }),
  );
}

export function readControlData(text: string, folder: string): Outcome<ControlData> {
  const lines = readControlLines(text);
  const systemIdentifier = lines.get('Database system identifier');
  const timeline = Number(lines.get("Latest checkpoint's TimeLineID"));
  const segmentBytes = Number(lines.get('Bytes per WAL segment'));
  if (systemIdentifier !== undefined && timeline > 0 && segmentBytes > 0) {
    const state = lines.get('Database cluster state') ?? 'unknown';
    return succeed({ systemIdentifier, timeline, segmentBytes, state });
  }
  return fail({
    code: 'damaged',
    message: `The control file in ${folder} cannot be read.`,
    remedy: 'Choose another base backup.',
    retry: 'after-fix',
    detail: text.slice(0, 500),
  });
}
