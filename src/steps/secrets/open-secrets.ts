import { readEnvFile } from '../../base/env-file.ts';
import { succeed } from '../../base/failure.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import type { CheckContext, StepContext, StepOf } from '../../kinds/kind.ts';
import { implementKind } from '../../kinds/kind.ts';
import { blocker } from '../../operations/open-targets.ts';
import type { OpenedFile, SealedFile } from '../../ports/secret-files.ts';
import { openSecretsKind } from './open-secrets-kind.ts';
import { keptPath, openComplete, plainPath, sealedFileOf } from './sealed-secrets.ts';

type SecretsStep = StepOf<typeof openSecretsKind>;
type InHand = { readonly sealed: SealedFile; readonly opened: OpenedFile };

/** The secrets that lie encrypted in the repository, opened and put in place. A drill opens them in memory and judges them. */
export const openSecrets = implementKind(openSecretsKind, {
  // Equal bytes in place are left alone, so a second time comes to the same end.

  async preview(step, context) {
    const plain = plainPath(step, context);
    const sealed = sealedFileOf(step, context);
    if (sealed === undefined)
      return { sentences: [`No encrypted file is named: ${plain} stays as it is.`], commands: [] };
    const named = step.required.length === 0 ? '' : ` and looks for ${step.required.join(', ')}`;
    return {
      sentences: [
        `Opens ${sealed.path} with the age key ${sealed.identityFile}, in memory,${named || ' and reads it'}.`,
        context.mode === 'drill'
          ? `Writes nothing: ${plain} stays as it is, or is not there.`
          : `Puts it in place as ${plain}, for its owner alone. Another file there is kept as ${keptPath(step, context)}.`,
      ],
      commands: [context.world.secretFiles.describe(sealed)],
    };
  },

  async check(step, context) {
    const sealed = sealedFileOf(step, context);
    if (sealed === undefined) return [await checkPlain(step, context)];
    const parts = await context.world.secretFiles.inspect(sealed);
    const checks = parts.map((part) => (part.ok ? passed(part.value) : blocker(part.failure)));
    if (parts.some((part) => !part.ok)) return checks;
    const opened = await openComplete(step, sealed, context);
    if (!opened.ok) return [...checks, blocker(opened.failure)];
    const inHand = { sealed, opened: opened.value };
    return [...checks, hasAll(step, inHand), ...(await compareWithPlace(step, inHand, context))];
  },

  async run(step, context) {
    const sealed = sealedFileOf(step, context);
    if (sealed === undefined) return succeed({ kind: 'not-executed', reason: 'no encrypted file is named' });
    await context.recordCommand(context.world.secretFiles.describe(sealed));
    const opened = await openComplete(step, sealed, context);
    if (!opened.ok) return opened;
    if (context.mode === 'drill') return succeed({ kind: 'done' });
    const plain = plainPath(step, context);
    const placed = await context.world.host.placePrivateFile({
      path: plain,
      content: opened.value.content,
      keepAs: keptPath(step, context),
    });
    if (!placed.ok) return placed;
    const { value } = placed;
    if (value.was === 'other') context.output(`${plain} was another file: it is kept as ${value.keptAs}.`);
    else context.output(value.was === 'equal' ? `${plain} is there already, the same.` : `${plain} is new.`);
    return succeed({ kind: 'done' });
  },

  async verify(step, context) {
    const sealed = sealedFileOf(step, context);
    if (sealed === undefined) return succeed([]);
    const opened = await openComplete(step, sealed, context);
    if (!opened.ok) return opened;
    const inHand = { sealed, opened: opened.value };
    const shown = passed(`${sealed.path} opens with ${sealed.identityFile}, and its MAC holds`);
    const judged = [shown, hasAll(step, inHand)];
    if (context.mode === 'drill')
      return succeed([...judged, ...(await compareWithPlace(step, inHand, context))]);
    return succeed([...judged, ...(await lookAtPlace(step, inHand, context))]);
  },
});

function hasAll(step: SecretsStep, { sealed, opened }: InHand): Check {
  if (step.required.length > 0) return passed(`${sealed.path} has ${step.required.join(', ')}`);
  return opened.content.length > 0
    ? passed(`${sealed.path} holds ${opened.values.size} values`)
    : failed(`${sealed.path} opens, and is empty`, 'Name another file.');
}

async function checkPlain(step: SecretsStep, context: CheckContext<'host'>): Promise<Check> {
  const plain = plainPath(step, context);
  const size = await context.world.host.fileSize(plain);
  if (!size.ok) return blocker(size.failure);
  if (size.value !== undefined) return passed(`${plain} is there; no encrypted file is named`);
  return failed(
    `There is no ${plain}, and no encrypted file is named that it could be opened from.`,
    'Give the path of the encrypted file, or put the plain one in its place.',
  );
}

/** What stands in place before anything is written: a difference is seen while it can still be looked into. */
async function compareWithPlace(
  step: SecretsStep,
  ...[{ sealed, opened }, context]: [InHand, CheckContext<'host'> | StepContext<'host'>]
): Promise<readonly Check[]> {
  const plain = plainPath(step, context);
  const there = await readPlace(plain, context, opened);
  if (!there.ok) return [blocker(there.failure)];
  if (there.value === undefined) {
    const will = context.mode === 'drill' ? 'nothing was written' : 'it will be new';
    return [passed(`there is no ${plain} on this host; ${will}`)];
  }
  if (there.value.equals(opened.content)) return [passed(`${plain} is the same as ${sealed.path}`)];
  const text = `${plain} is another than ${sealed.path}${namesApart({ sealed, plain }, opened, there.value)}`;
  return context.mode === 'drill'
    ? [couldNotVerify(text, 'Find out which of the two is the current one, and commit that.')]
    : [passed(`${text}; it will be kept as ${keptPath(step, context)}`)];
}

async function lookAtPlace(
  step: SecretsStep,
  ...[{ sealed, opened }, context]: [InHand, StepContext<'host'>]
): Promise<readonly Check[]> {
  const plain = plainPath(step, context);
  const [there, mode, old] = await Promise.all([
    readPlace(plain, context, opened),
    context.world.host.fileMode(plain),
    context.world.host.fileSize(keptPath(step, context)),
  ]);
  if (!there.ok) return [blocker(there.failure)];
  if (!mode.ok) return [blocker(mode.failure)];
  const isSame = there.value?.equals(opened.content) === true;
  const bits = (mode.value ?? 0).toString(8).padStart(4, '0');
  const isPrivate = mode.value !== undefined && (mode.value & 0o077) === 0;
  return [
    isSame
      ? passed(`${plain} holds what ${sealed.path} holds, byte for byte`)
      : failed(`${plain} does not hold what ${sealed.path} holds`, 'Retry.'),
    isPrivate
      ? passed(`${plain} is its owner's alone: mode ${bits}`)
      : failed(`${plain} has the mode ${bits}: others than its owner get at it`, `Run chmod 0600 ${plain}.`),
    ...(old.ok && old.value !== undefined
      ? [passed(`the file that was there is kept as ${keptPath(step, context)}`)]
      : []),
  ];
}

/** One byte more than expected is enough to know that it is another file. */
async function readPlace(
  plain: string,
  ...[{ world }, opened]: [Pick<CheckContext<'host'>, 'world'>, OpenedFile]
) {
  const size = await world.host.fileSize(plain);
  if (!size.ok || size.value === undefined) return size.ok ? succeed(undefined) : size;
  return world.host.readHead(plain, Math.max(size.value, opened.content.length) + 1);
}

/** Names alone, never values. */
function namesApart(
  { sealed, plain }: { readonly sealed: SealedFile; readonly plain: string },
  ...[opened, there]: [OpenedFile, Buffer]
): string {
  if (sealed.format !== 'dotenv') return '';
  const read = readEnvFile(there.toString(), { path: plain });
  if (!read.ok) return `, and ${read.failure.message}`;
  const old = read.value.values;
  const names = [...new Set([...old.keys(), ...opened.values.keys()])];
  const apart = names.filter((name) => old.get(name) !== opened.values.get(name)).sort();
  return apart.length === 0 ? ', though every value is the same' : `: ${apart.join(', ')}`;
}
