import { formatBytes, formatSpan } from '../base/units.ts';
import type { DrillRecord } from './record-schema.ts';
import { recordedValue } from './recorded.ts';
import { wordOf } from './render-people.ts';
import { criterionTone } from './result-words.ts';
import { sayDuration } from './say-duration.ts';
import { type Block, type Cell, code, type Section, say, sayField, sayList } from './section.ts';

/** The first half: what it was, why, who, and what came of it. */
export function sectionsAbout(record: DrillRecord): readonly Section[] {
  return [
    { title: 'Identity', level: 2, blocks: [{ kind: 'facts', rows: identityRows(record) }] },
    { title: 'Why', level: 2, blocks: [{ kind: 'facts', rows: whyRows(record) }] },
    { title: 'People and roles', level: 2, blocks: people(record) },
    { title: 'Objectives', level: 2, blocks: objectives(record) },
    { title: 'Criteria', level: 2, blocks: [criteria(record)] },
    { title: 'Marks', level: 2, blocks: [marks(record)] },
    { title: 'Recovery point', level: 2, blocks: [recoveryPoint(record)] },
  ];
}

type Row = readonly [string, Cell];

function identityRows(record: DrillRecord): readonly Row[] {
  const { host, window, result } = record;
  const account = ({ user, sshFrom }: Pick<typeof host, 'user' | 'sshFrom'>) =>
    `${user}${sshFrom === undefined ? '' : `, by SSH from ${sshFrom}`}`;
  return [
    ['Run', say(record.runId)],
    ['Mode', say(`${record.mode.toUpperCase()} (${record.exerciseKind})`)],
    ['Restore', say(result.restoreStatus.replace('-', ' '))],
    ['Validation', say(result.validationStatus.replace('-', ' '))],
    ['Because', say(result.justification)],
    ...proofRows(result),
    ['Runbook', say(`${record.runbook.name}, SHA-256 ${record.runbook.fingerprint}`)],
    ['Started', say(window.startedAt)],
    ['Ended', say(window.endedAt)],
    ...record.resumed.map((one): Row => ['Resumed', say(`${one.at}, as ${account(one)}`)]),
    ['Production lost', say(record.lostAt)],
    ['Host', say(`${host.name}, as ${account(host)}`)],
    ['Identity of people', say(record.identitySource)],
    ['Clock', sayField(record.clock)],
    ['Classification', sayField(record.classification)],
    ...Object.entries(record.targets).map(([name, target]): Row => [`Target: ${name}`, say(target)]),
    ['thaw', say(`${record.thawVersion}, record version ${record.recordVersion}`)],
  ];
}

function proofRows({ proof, proven = [], notChecked = [] }: DrillRecord['result']): readonly Row[] {
  if (proof === undefined) return [];
  const found = proven.length === 0 ? 'nothing' : proven.join(', ');
  return [
    ['Proof', say(`asked for: ${proof}; proven: ${found}`)],
    ...notChecked.map(({ text, remedy }): Row => ['Not checked', say(`${text} → ${remedy}`, 'quiet')]),
  ];
}

function whyRows({ why }: DrillRecord): readonly Row[] {
  return [
    ['Objectives', sayList(why.objectives)],
    ['Criteria', sayList(why.criteria)],
    ['Scenario', sayField(why.scenario)],
    ['Threat', sayField(why.threat)],
    ['In scope', sayList(why.inScope)],
    ['Out of scope', sayList(why.outOfScope)],
    ['Assumptions', sayList(why.assumptions)],
    ['Simulated absences', sayList(why.absences)],
  ];
}

function people({ people: who, questions }: DrillRecord): readonly Block[] {
  const rows: readonly Row[] = [
    ['Commander', sayField(who.commander)],
    ['Operator', sayField(who.operator)],
    ['Witness', sayField(who.witness)],
    ['Approved the plan', sayField(who.planApprover)],
    ['Approves the result', sayField(who.resultApprover)],
    ['Observers', sayList(who.observers)],
    ['Absent by design', sayList(who.absent)],
    ['Recovery declared', sayWord(who.commander, { questions, id: 'declare-recovery' })],
    ['Result approved', sayWord(who.resultApprover, { questions, id: 'approve-result' })],
  ];
  const facts: Block = { kind: 'facts', rows };
  if (who.remarks.length === 0) return [facts];
  return [facts, { kind: 'list', items: who.remarks.map((remark) => say(remark, 'unsure')) }];
}

function sayWord(who: DrillRecord['people']['commander'], asked: Parameters<typeof wordOf>[1]): Cell {
  const words = wordOf(recordedValue(who), asked);
  return words === undefined ? say('nobody was named who could', 'quiet') : say(words);
}

function objectives({ rto, rpo, window }: DrillRecord): readonly Block[] {
  const row = (
    name: string,
    ...[measure, format]: [DrillRecord['rpo'] | DrillRecord['rto'], (ms: number) => string]
  ) => [
    say(name),
    say(format(measure.targetMs)),
    sayMeasured(measure, format),
    measure.met === undefined ? say('-') : say(measure.met ? 'yes' : 'no', measure.met ? 'good' : 'bad'),
  ];
  const phases = Object.entries(rto.phases).map(([name, span]) => [say(name), sayField(span, sayDuration)]);
  const sets = rpo.dataSets.map((set) => [say(set.name), sayField(set.at), sayField(set.lossMs, formatSpan)]);
  return [
    {
      kind: 'table',
      head: ['', 'target', 'actual', 'met'],
      rows: [row('RTO', rto, sayDuration), row('RPO', rpo, formatSpan)],
    },
    {
      kind: 'text',
      text: `The RTO counts from ${rto.countsFrom}. Targets: ${rto.source}. Waiting for the operator's answers took ${sayDuration(window.waitedForOperatorMs)} of ${sayDuration(window.elapsedMs)}, inside the spans below.`,
    },
    { kind: 'table', head: ['part of the RTO', 'time'], rows: phases },
    { kind: 'table', head: ['data', 'recovery point', 'lost'], rows: sets },
  ];
}

function sayMeasured(measure: DrillRecord['rpo'] | DrillRecord['rto'], format: (ms: number) => string): Cell {
  if ('notReached' in measure && measure.notReached !== undefined) {
    const { spentMs, because } = measure.notReached;
    return say(`not reached, ${format(spentMs)} spent: ${because}`, 'bad');
  }
  if (measure.actualMs !== undefined) return say(format(measure.actualMs));
  const isUnsure = 'notMeasured' in measure && measure.notMeasured !== undefined;
  return isUnsure ? say(measure.notMeasured ?? '', 'unsure') : say('not measured', 'quiet');
}

function criteria(record: DrillRecord): Block {
  return {
    kind: 'table',
    head: ['criterion', 'verdict', 'because'],
    rows: record.criteria.map(({ text, verdict, because }) => [
      say(text),
      say(verdict, criterionTone(verdict)),
      say(because),
    ]),
  };
}

function marks(record: DrillRecord): Block {
  return {
    kind: 'table',
    head: ['mark', 'at (UTC)', 'source'],
    rows: record.marks.map(({ name, at, source }) => [
      say(name.replaceAll('-', ' ')),
      sayField(at),
      say(source),
    ]),
  };
}

function recoveryPoint({ recoveryPoint: point, mode }: DrillRecord): Block {
  if (point === undefined) {
    return {
      kind: 'text',
      text:
        mode === 'tabletop'
          ? 'Not recorded: a tabletop opens no backup.'
          : 'Not recorded: no snapshot was chosen.',
    };
  }
  return {
    kind: 'facts',
    rows: [
      ['Snapshot', say(point.snapshot)],
      ['Key', code(point.key)],
      ['Taken', say(`${point.takenAt}, ${formatSpan(point.ageMs)} before the run`)],
      ['Size', say(formatBytes(point.sizeBytes))],
      ['Dump', sayField(point.dump, sayDump)],
      ['Checksum', sayField(point.checksum, sayChecksum)],
      ['Encryption', sayField(point.encryption, sayEncryption)],
      ['Key at hand', sayField(point.keyAtHand, sayKey)],
      ['Signature', sayField(point.signature)],
      ['Objects', sayField(point.objects, ({ count, sizeBytes }) => `${count}, ${formatBytes(sizeBytes)}`)],
      ['Date of the .env', sayField(point.envFile)],
      ['Fingerprints of secrets', sayField(point.secretFingerprints, sayFingerprints)],
    ],
  };
}

type Point = NonNullable<DrillRecord['recoveryPoint']>;
type Said<Name extends keyof Point> = Extract<Point[Name], { readonly value: unknown }>['value'];

/** custom archive 1.14 of pg_dump 15.18, from PostgreSQL 15.18; read by pg_restore 15.18 */
function sayDump(dump: Said<'dump'>): string {
  const { format, archiveVersion, dumpVersion, serverVersion, createdAtLocal, reader } = dump;
  const what = format === 'plain' ? 'plain SQL' : `${format} archive`;
  const maker = dumpVersion === undefined ? '' : ` of pg_dump ${dumpVersion}`;
  const server = serverVersion === undefined ? '' : `, from PostgreSQL ${serverVersion}`;
  const version = archiveVersion === undefined ? '' : ` ${archiveVersion}`;
  const made = createdAtLocal === undefined ? '' : `, made ${createdAtLocal} (its host's time)`;
  return `${what}${version}${maker}${server}${made}; read by ${reader.program} ${reader.version}`;
}

function sayChecksum({ sha256, compared }: Said<'checksum'>): Cell {
  const own = `SHA-256 ${sha256}`;
  if ('notRecorded' in compared) return say(`${own}; ${compared.notRecorded}`);
  const { algorithm, result, by, key } = compared.value;
  const other = { manifest: 'the manifest', noted: key ?? 'what is noted beside it', store: 'the store' }[by];
  return result === 'equal'
    ? say(`${own}; ${algorithm} equals ${other}`)
    : say(`${own}; ${algorithm} differs from ${other}`, 'bad');
}

function sayEncryption({ layers, openedWith, recipients }: Said<'encryption'>): string {
  const by = recordedValue(openedWith);
  const ids = recordedValue(recipients);
  return [
    layers.join(', then '),
    ...(ids === undefined ? [] : [`encrypted for ${ids.join(', ')}`]),
    ...(by === undefined ? [] : [`opened with ${by}`]),
  ].join('; ');
}

function sayKey(key: Said<'keyAtHand'>): string {
  return key.kind === 'passphrase' ? 'a passphrase' : key.text;
}

function sayFingerprints(secrets: Said<'secretFingerprints'>): Cell {
  const words = secrets.map(({ name, found, expected, result }) => {
    if (found === undefined) return `${name} is missing`;
    if (result === 'equal') return `${name} ${found}, as expected`;
    return `${name} ${found}, ${expected === undefined ? 'compared with nothing' : `instead of ${expected}`}`;
  });
  const isBad = secrets.some(({ found, result }) => found === undefined || result === 'differs');
  return say(words.join('; '), isBad ? 'bad' : undefined);
}
