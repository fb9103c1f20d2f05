import type { ServerState } from '../../ports/cluster-tools.ts';

const lastLines = 12;

/** What a server in recovery says of itself. These messages carry no code, so they are read as text, in English. */
export function readServerLog(text: string): Omit<ServerState, 'running'> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const last = (expression: RegExp) =>
    lines
      .findLast((line) => expression.test(line))
      ?.match(expression)?.[1]
      ?.trim();
  const lastTransaction =
    last(/last completed transaction was at log time (.+)$/) ??
    last(/recovery stopping (?:before|after) commit of transaction \d+, time (.+)$/);
  const fatal = last(/(?:FATAL|PANIC):\s+(.+)$/);
  return {
    logLines: lines.length,
    lastLines: lines.slice(-lastLines),
    segmentsReplayed: lines.filter((line) => /restored log file "[0-9A-F]{24}"/.test(line)).length,
    ...(lastTransaction === undefined ? {} : { lastTransaction }),
    // Somebody knocking while it starts is told to wait with FATAL too.
    ...(fatal === undefined || /^the database system is /.test(fatal) ? {} : { fatal }),
  };
}
