import { type Command, noSuchCommand, parseArguments } from '../app/arguments.ts';
import type { CommandContext } from '../app/command-context.ts';
import { exitStatus, statusBeforeRun } from '../app/exit-status.ts';
import { showSplash } from '../app/show-splash.ts';
import { chooseAttendance } from '../app/terminal.ts';
import { thawVersion } from '../app/version.ts';
import { watchJob } from '../app/watch-job.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { helpOf, usage } from './help-text.ts';

/** From the command line to the exit status. Each command is loaded when it is wanted, so that help is instant. */
export async function runCommandLine(argv: readonly string[], context: CommandContext): Promise<number> {
  const parsed = parseArguments(argv);
  const done = parsed.ok ? await dispatch(parsed.value, context) : parsed;
  if (done.ok) return done.value;
  tell(done.failure, context);
  return parsed.ok ? statusBeforeRun(done.failure) : exitStatus.usage;
}

async function dispatch(command: Command, context: CommandContext): Promise<Outcome<number>> {
  const shown = await showSplash(command, context);
  try {
    return await watchJob({ command, work: (watched) => perform(command, watched) }, shown);
  } finally {
    // A failure is printed on a terminal that is ours no more.
    await shown.splash?.lift();
  }
}

async function perform(command: Command, context: CommandContext): Promise<Outcome<number>> {
  const { name, operands, options } = command;
  const [first = '', second] = operands;
  switch (name) {
    case 'home':
      // Where nobody can choose with keys, the commands are named.
      if (chooseAttendance(options, context) === 'screen') {
        const { home } = await import('../commands/home.ts');
        return home({ options, run: (chosen) => dispatch(chosen, context) }, context);
      }
      context.stdout.write(usage());
      return succeed(exitStatus.verified);
    case 'help':
      return help(operands, context);
    case 'version':
      context.stdout.write(`thaw ${thawVersion}\n`);
      return succeed(exitStatus.verified);
    case 'lint':
      return (await import('../commands/lint.ts')).lint(first, context);
    case 'fingerprint':
      return (await import('../commands/fingerprint.ts')).fingerprint([first, second ?? ''], context);
    case 'age-key split':
    case 'age-key join':
      return (await import('../commands/age-key.ts')).ageKey(
        [name.split(' ')[1] ?? '', ...operands],
        context,
      );
    case 'snapshots':
      return (await import('../commands/snapshots.ts')).snapshots({ name: first, options }, context);
    case 'backup':
      return (await import('../commands/backup.ts')).backup({ name: first, options }, context);
    case 'verify':
      return (await import('../commands/verify.ts')).verify({ name: first, options }, context);
    case 'prune':
      return (await import('../commands/prune.ts')).prune({ name: first, options }, context);
    case 'monitor':
      return (await import('../commands/monitor.ts')).monitor({ name: first, options }, context);
    case 'schedule':
      return (await import('../commands/schedule.ts')).schedule({ name: first, options }, context);
    case 'check':
      return (await import('../commands/check.ts')).check({ name: first, options }, context);
    case 'records list':
    case 'records show':
    case 'records verify':
    case 'records export':
    case 'records trend':
    case 'records note':
    case 'records sign':
      return (await import('../commands/records.ts')).records({ action: name, operands, options }, context);
    case 'restore':
    case 'drill':
    case 'tabletop': {
      const mode = name === 'restore' ? 'live' : name;
      return (await import('../commands/start.ts')).start({ runbook: first, mode, options }, context);
    }
    case 'resume':
      return (await import('../commands/resume.ts')).resume({ named: operands[0], options }, context);
    case 'rollback':
      return (await import('../commands/rollback.ts')).rollback({ named: operands[0], options }, context);
    case 'discard':
      return (await import('../commands/discard.ts')).discard({ named: operands[0], options }, context);
    case 'rehearse':
      return (await import('../commands/rehearse.ts')).rehearse(options, context);
  }
}

function help(words: readonly string[], context: CommandContext): Outcome<number> {
  const text = words.length === 0 ? usage() : helpOf(words);
  if (text === undefined) return fail(noSuchCommand(words.join(' ')));
  context.stdout.write(text);
  return succeed(exitStatus.verified);
}

/** What is happening, and what to do about it. */
function tell(failure: Failure, context: CommandContext): void {
  context.stderr.write(`${failure.message}\n→ ${failure.remedy}\n`);
  if (failure.detail !== undefined) context.stderr.write(`${failure.detail}\n`);
}
