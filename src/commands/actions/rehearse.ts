import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandContext, printJson, printLine } from '../../app/command-context.ts';
import { thawVersion } from '../../app/installed.ts';
import { loadRunbook, readyRunbook } from '../../app/load-runbook.ts';
import type { BeginOptions, Options } from '../../app/options.ts';
import { signsManifests } from '../../app/signatures.ts';
import { chooseAttendance, type TerminalContext } from '../../app/terminal.ts';
import type { Outcome } from '../../base/failure.ts';
import type { Question } from '../../ports/operator.ts';
import { takeBackup } from '../../producer/take-backup.ts';
import { createWorld } from '../../registry/wire.ts';
import { buildSandbox, type Sandbox } from '../../sandbox/build-sandbox.ts';
import { sweepSandboxes } from '../../sandbox/destroy-sandbox.ts';
import { loseProduction } from '../../sandbox/disaster.ts';
import { waitForWriters } from '../../sandbox/wait-for-writers.ts';
import { openSupervisedServices } from '../../services/supervisor/supervised-services.ts';
import type { RunningSession } from '../../session/session.ts';
import { start } from './start.ts';

type RehearsalOptions = BeginOptions & Options<'mode'>;

type RehearsalContext = TerminalContext & Pick<CommandContext, 'folder'>;

/** A whole disaster and its recovery in a sandbox on this host. Answers for itself only where nobody is there to ask. */
export async function rehearse(
  options: RehearsalOptions,
  context: RehearsalContext,
): Promise<Outcome<number>> {
  // Nothing is executed at a table, so nothing has to be there.
  if (options.mode === 'tabletop') return talk(options, context);
  const onLine = (line: string) => {
    if (options.json) printJson(context, JSON.stringify({ type: 'rehearsal', text: line }));
    else printLine(context, line);
  };
  for (const folder of await sweepSandboxes()) onLine(`Removed ${folder}, left by a rehearsal that died.`);
  const sandbox = await buildSandbox({
    onLine,
    startServices: (controlFile) =>
      openSupervisedServices({ controlFile }).start({ names: [], onLine: () => {} }),
  });
  if (!sandbox.ok) return sandbox;
  try {
    const taken = await backUpAnew({ sandbox: sandbox.value, onLine }, context);
    if (!taken.ok) return taken;
    // What is written from here on is what the restore loses.
    const later = await waitForWriters({ databaseUrl: sandbox.value.databaseUrl, since: new Date() });
    if (!later.ok) return later;
    // A drill leaves production alone and compares with it.
    if (options.mode === 'drill') return await walk(sandbox.value, { options, context });
    await loseProduction({ sandbox: sandbox.value, onLine });
    const lostAt = Date.now();
    return await walk(sandbox.value, { options: { ...options, lostAt }, context });
  } finally {
    await sandbox.value.destroy();
    onLine(
      'The sandbox is gone: its servers stopped, its folder removed. The record stays, to be read: nothing is left to resume or roll back.',
    );
  }
}

async function talk(options: RehearsalOptions, context: RehearsalContext): Promise<Outcome<number>> {
  const alone = chooseAttendance(options, context) === 'unattended';
  const answers = alone ? { answerInstead: answerAtTheTable } : {};
  return start({ runbook: 'rehearsal', mode: 'tabletop', options, ...answers }, context);
}

/** Nobody sits at the table: the first answer that goes on, and a note that says so. */
async function answerAtTheTable(question: Question, session: RunningSession): Promise<boolean> {
  const first = question.kind === 'choose' ? question.choices[0] : undefined;
  if (first === undefined) return false;
  const note = first.needsReason === true ? { note: 'nobody sat at the table; the rehearsal answered' } : {};
  session.answer(question.id, { value: first.value, by: 'rehearsal', ...note });
  return true;
}

async function walk(
  sandbox: Sandbox,
  { options, context }: { readonly options: RehearsalOptions; readonly context: RehearsalContext },
): Promise<Outcome<number>> {
  // What an operator has from the printed page, and not from the store.
  const pinned = { BACKUP_SIGNERS: sandbox.signing.fingerprint };
  const environment = { ...context.environment, ...sandbox.environment, ...pinned };
  const alone = chooseAttendance(options, context) === 'unattended';
  return start(
    {
      runbook: 'rehearsal',
      mode: options.mode,
      options,
      ...(alone ? { answerInstead: answerLikeAnOperator(sandbox) } : {}),
    },
    { ...context, environment },
  );
}

/** It owns everything it touches, so it may answer; what a person would look at, it looks at. */
function answerLikeAnOperator(sandbox: Sandbox) {
  return async (question: Question, session: RunningSession): Promise<boolean> => {
    const answer = (value: string, note?: string) => {
      session.answer(question.id, { value, by: 'rehearsal', ...(note === undefined ? {} : { note }) });
      return true;
    };
    switch (question.kind) {
      case 'confirm':
        // Agreeing to go on is its to do; nobody's word is.
        return question.inNameOf === undefined ? answer('yes') : false;
      case 'type-name':
        return answer(question.name);
      case 'choose-row':
        return question.preferred === undefined ? false : answer(question.preferred);
      case 'attest':
        return attest(sandbox, answer);
      case 'choose':
      case 'failure':
        // Something is wrong: that is not the rehearsal's to decide.
        return false;
    }
  };
}

async function attest(sandbox: Sandbox, answer: (value: string, note?: string) => boolean): Promise<boolean> {
  const response = await fetch(sandbox.healthUrl).catch(() => undefined);
  if (response === undefined) return answer('failed', 'the health page does not answer');
  const health = (await response.json()) as { clients?: number };
  const note = `the health page answers ${response.status} and counts ${health.clients ?? 0} clients`;
  return answer(response.ok && (health.clients ?? 0) > 0 ? 'passed' : 'failed', note);
}

/**
 * The old scripts write nothing down, and so nothing they backed up can be proven. The rehearsal shows what a restore is worth when
 * the producer counted: the newest snapshot is one of `thaw backup`, in the place of the old one of the same hour.
 */
async function backUpAnew(
  request: { readonly sandbox: Sandbox; readonly onLine: (line: string) => void },
  context: Pick<CommandContext, 'environment' | 'folder'>,
): Promise<Outcome<void>> {
  const { sandbox, onLine } = request;
  const loaded = await loadRunbook('rehearsal', context);
  if (!loaded.ok) return loaded;
  const { environment } = sandbox;
  const ready = await readyRunbook(loaded.value, { mode: 'live', environment, envFiles: [] });
  if (!ready.ok) return ready;
  await rm(join(sandbox.backupDirectory, sandbox.truth.key));
  const world = createWorld(environment);
  try {
    const taken = await takeBackup({
      world,
      targets: ready.value.targets,
      settings: {
        host: environment.BACKUP_HOST,
        tier: undefined,
        compression: 'gzip',
        sealing: { kind: 'openpgp', ...sandbox.backupKey },
        signingKeyFile: sandbox.signing.keyFile,
        fingerprints: ['ENCRYPTION_KEY'],
        newestColumns: ['updated_at', 'created_at'],
        workers: 4,
        stallMs: 60_000,
      },
      sign: {
        runbook: ready.value.filled.name,
        make: signsManifests({ processes: world.processes, environment }, sandbox.signing.keyFile),
        remembered: new Map(),
      },
      thawVersion,
      onLine: (line) => onLine(`thaw backup: ${line}`),
      signal: new AbortController().signal,
    });
    return taken.ok ? { ok: true, value: undefined } : taken;
  } finally {
    await world.close();
  }
}
