import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { type Command, noSuchCommand, parseArguments } from './arguments.ts';
import { chooseAttendance } from './choose-attendance.ts';
import { drawCurtain } from './draw-curtain.ts';
import { exitStatus, statusBeforeRun } from './exit-status.ts';
import { helpOf, usage } from './help-text.ts';
import type { Surroundings } from './surroundings.ts';
import { thawVersion } from './version.ts';
import { watchJob } from './watch-job.ts';

/** From the command line to the exit status. Each command is loaded when it is wanted, so that help is instant. */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const parsed = parseArguments(argv);
  const done = parsed.ok ? await dispatch(parsed.value, surroundings) : parsed;
  if (done.ok) return done.value;
  tell(done.failure, surroundings);
  return parsed.ok ? statusBeforeRun(done.failure) : exitStatus.usage;
}

async function dispatch(command: Command, surroundings: Surroundings): Promise<Outcome<number>> {
  const shown = await drawCurtain(command, surroundings);
  try {
    return await watchJob({ command, work: (watched) => perform(command, watched) }, shown);
  } finally {
    // A failure is printed on a terminal that is ours no more.
    await shown.curtain?.lift();
  }
}

async function perform(command: Command, surroundings: Surroundings): Promise<Outcome<number>> {
  const { name, operands, options } = command;
  const [first = '', second] = operands;
  switch (name) {
    case 'home':
      // Where nobody can choose with keys, the commands are named.
      if (chooseAttendance(options, surroundings) === 'screen') {
        const { home } = await import('./commands/home.ts');
        return home({ options, run: (chosen) => dispatch(chosen, surroundings) }, surroundings);
      }
      surroundings.stdout.write(usage());
      return succeed(exitStatus.verified);
    case 'help':
      return help(operands, surroundings);
    case 'version':
      surroundings.stdout.write(`thaw ${thawVersion}\n`);
      return succeed(exitStatus.verified);
    case 'lint':
      return (await import('./commands/lint.ts')).lint(first, surroundings);
    case 'fingerprint':
      return (await import('./commands/fingerprint.ts')).fingerprint([first, second ?? ''], surroundings);
    case 'age-key split':
    case 'age-key join':
      return (await import('./commands/age-key.ts')).ageKey(
        [name.split(' ')[1] ?? '', ...operands],
        surroundings,
      );
    case 'snapshots':
      return (await import('./commands/snapshots.ts')).snapshots({ name: first, options }, surroundings);
    case 'backup':
      return (await import('./commands/backup.ts')).backup({ name: first, options }, surroundings);
    case 'verify':
      return (await import('./commands/verify.ts')).verify({ name: first, options }, surroundings);
    case 'prune':
      return (await import('./commands/prune.ts')).prune({ name: first, options }, surroundings);
    case 'monitor':
      return (await import('./commands/monitor.ts')).monitor({ name: first, options }, surroundings);
    case 'schedule':
      return (await import('./commands/schedule.ts')).schedule({ name: first, options }, surroundings);
    case 'check':
      return (await import('./commands/check.ts')).check({ name: first, options }, surroundings);
    case 'records list':
    case 'records show':
    case 'records verify':
    case 'records export':
    case 'records trend':
    case 'records note':
    case 'records sign':
      return (await import('./commands/records.ts')).records(
        { action: name, operands, options },
        surroundings,
      );
    case 'restore':
    case 'drill':
    case 'tabletop': {
      const mode = name === 'restore' ? 'live' : name;
      return (await import('./commands/start.ts')).start({ runbook: first, mode, options }, surroundings);
    }
    case 'resume':
      return (await import('./commands/resume.ts')).resume({ named: operands[0], options }, surroundings);
    case 'rollback':
      return (await import('./commands/rollback.ts')).rollback({ named: operands[0], options }, surroundings);
    case 'discard':
      return (await import('./commands/discard.ts')).discard({ named: operands[0], options }, surroundings);
    case 'rehearse':
      return (await import('./commands/rehearse.ts')).rehearse(options, surroundings);
  }
}

function help(words: readonly string[], surroundings: Surroundings): Outcome<number> {
  const text = words.length === 0 ? usage() : helpOf(words);
  if (text === undefined) return fail(noSuchCommand(words.join(' ')));
  surroundings.stdout.write(text);
  return succeed(exitStatus.verified);
}

/** What is happening, and what to do about it. */
function tell(failure: Failure, surroundings: Surroundings): void {
  surroundings.stderr.write(`${failure.message}\n→ ${failure.remedy}\n`);
  if (failure.detail !== undefined) surroundings.stderr.write(`${failure.detail}\n`);
}
