import { type Finding, type Head, missing } from './chain-heads.ts';
import { indexedRuns } from './index-run.ts';
import { listRunIds, openRun } from './run-log.ts';

/** Runs that the heads or the index know and the folder does not, and runs that ended and the heads do not know. */
export async function judgeLogFolder(
  logFolder: string,
  heads: readonly Head[] | undefined,
): Promise<readonly Finding[]> {
  const there = new Set(await listRunIds(logFolder));
  const known = new Set(heads?.map(({ runId }) => runId));
  const indexed = new Set(await indexedRuns(logFolder));
  const vanished = [...new Set([...known, ...indexed])].filter((runId) => !there.has(runId));
  const findings = vanished.map((runId) => {
    const by = [...(known.has(runId) ? ['heads.jsonl'] : []), ...(indexed.has(runId) ? ['the index'] : [])];
    return missing(
      `run ${runId} is not in the folder, and ${by.join(' and ')} ${by.length > 1 ? 'know' : 'knows'} it`,
    );
  });
  if (heads === undefined) return findings;
  for (const runId of there) {
    if (known.has(runId)) continue;
    const run = await openRun({ logFolder, runId });
    // What never began, or never ended, has no head yet; a damaged journal is told wherever that run is looked at.
    if (!run.ok || (run.value.state.ended === undefined && run.value.state.stopped === undefined)) continue;
    findings.push(missing(`heads.jsonl does not know how run ${runId} ended`));
  }
  return findings;
}
