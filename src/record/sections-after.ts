import type { DrillRecord, Finding } from './record-schema.ts';
import {
  type Block,
  type Cell,
  code,
  listOr,
  type Section,
  say,
  sayCheck,
  sayField,
  sayList,
} from './section.ts';

/** The last part: what was learned, what is to be done, and what vouches for all of it. */
export function sectionsAfter(record: DrillRecord): readonly Section[] {
  return [
    { title: 'Findings', level: 2, blocks: [{ kind: 'facts', rows: findingRows(record) }] },
    { title: 'Action items', level: 2, blocks: actions(record) },
    { title: 'Questions and answers', level: 2, blocks: [listOr(record.questions.map(question), 'None.')] },
    {
      title: 'Notes',
      level: 2,
      blocks: [
        listOr(
          record.notes.map(({ at, text }) => say(`${at} ${text}`)),
          'None.',
        ),
      ],
    },
    ...(record.kit === undefined
      ? []
      : [{ title: 'The kit', level: 2 as const, blocks: [listOr(record.kit.map(sayCheck), 'Nothing.')] }]),
    {
      title: 'Clean-up',
      level: 2,
      blocks: [
        listOr(
          record.cleanUp.map(sayCheck),
          record.mode === 'tabletop'
            ? 'Nothing was made, nothing is to be cleaned up.'
            : 'Not recorded: the run did not come to it.',
        ),
      ],
    },
    { title: 'Evidence', level: 2, blocks: evidence(record) },
    { title: 'Sign-off', level: 2, blocks: [signOff(record)] },
    { title: 'Integrity', level: 2, blocks: integrity(record) },
    ...(record.redaction === undefined
      ? []
      : [
          {
            title: 'Masked in this copy',
            level: 2 as const,
            blocks: [
              listOr(
                record.redaction.masked.map((text) => say(text)),
                'Nothing.',
              ),
              { kind: 'text' as const, text: `Kept: ${record.redaction.kept.join(', ')}.` },
            ],
          },
        ]),
  ];
}

function findingRows({ findings }: DrillRecord): readonly (readonly [string, Cell])[] {
  const row = (label: string, ...[list, prefix]: [readonly Finding[], string]): readonly [string, Cell] => [
    label,
    list.length === 0
      ? say(`not recorded: nobody noted one (note "${prefix}: …")`, 'quiet')
      : say(
          list
            .map(({ text, severity }) => (severity === undefined ? text : `[${severity}] ${text}`))
            .join('; '),
        ),
  ];
  return [
    row('Immediate danger', findings.danger, 'danger'),
    row('Went well', findings.wentWell, 'well'),
    row('Failed', findings.failed, 'failed'),
    row('Gaps', findings.gaps, 'gap'),
    row('Causes', findings.causes, 'cause'),
    row('Runbook changes', findings.runbookChanges, 'runbook'),
    row('About the drill itself', findings.feedback, 'feedback'),
  ];
}

function actions(record: DrillRecord): readonly Block[] {
  const own: Block =
    record.actions.length === 0
      ? {
          kind: 'text',
          text: 'Not recorded: nobody noted one (note "action: … @owner due:DATE p:PRIORITY").',
        }
      : {
          kind: 'table',
          head: ['', 'action', 'owner', 'due', 'priority', 'ticket', 'status'],
          rows: record.actions.map(({ id, text, owner, due, priority, ticket, status }) => [
            say(id),
            say(text),
            sayField(owner),
            sayField(due),
            sayField(priority),
            sayField(ticket),
            say(status),
          ]),
        };
  const before = record.openFromBefore.map(({ runId, text, owner, due }) =>
    say(
      `open since ${runId}: ${text}${owner === undefined ? '' : `, ${owner}`}${due === undefined ? '' : `, due ${due}`}`,
      'unsure',
    ),
  );
  return before.length === 0 ? [own] : [own, { kind: 'list', items: before }];
}

function question({ askedAt, title, answer, by, note }: DrillRecord['questions'][number]): Cell {
  const words =
    answer === undefined
      ? 'not answered'
      : `"${answer}" by ${by ?? 'nobody'}${note === undefined ? '' : `, "${note}"`}`;
  return say(`${askedAt} ${title} → ${words}`);
}

function evidence(record: DrillRecord): readonly Block[] {
  return [
    record.outputs.length === 0
      ? { kind: 'text', text: 'No output file.' }
      : {
          kind: 'table',
          head: ['output', 'SHA-256'],
          rows: record.outputs.map(({ name, sha256 }) => [say(`output/${name}`), code(sha256)]),
        },
    { kind: 'facts', rows: [['Screenshots', sayList(record.screenshots)]] },
  ];
}

function signOff(record: DrillRecord): Block {
  const signed = (['commander', 'operator', 'witness', 'approver'] as const).map(
    (role): readonly [string, Cell] => [
      role,
      sayField(
        record.signOff[role],
        ({ name, at, entries, keyFingerprint, file }) =>
          `${name}, ${at}, over entries 1 to ${entries} with ${keyFingerprint} (${file})`,
      ),
    ],
  );
  return { kind: 'facts', rows: [...signed, ['Next due', sayField(record.nextDue)]] };
}

function integrity({ journal, runId }: DrillRecord): readonly Block[] {
  return [
    {
      kind: 'facts',
      rows: [
        ['Entries', say(`${journal.entries}, numbered ${journal.firstSeq} to ${journal.lastSeq}`)],
        ['Head', code(journal.head)],
        ['Anchor', sayField(journal.anchor)],
      ],
    },
    {
      kind: 'text',
      text: `\`thaw records verify ${runId}\` recomputes all of it. Tamper-evident, not tamper-proof: whoever can write this folder can replace all of it, and only a head known elsewhere, a signature or an anchor shows that.`,
    },
  ];
}
