import { fail, type Outcome, succeed } from '../base/failure.ts';
import { type SigningRole, signingRoles } from '../journal/entry.ts';

/** Who takes part, when it was noticed, and what is to become of a record. */

export const recordFormats = ['md', 'html', 'json'] as const;
export type RecordFormat = (typeof recordFormats)[number];

export type RecordOptions = {
  readonly people: {
    readonly commander: string | undefined;
    readonly operator: string | undefined;
    readonly witness: string | undefined;
    readonly planApprover: string | undefined;
    readonly resultApprover: string | undefined;
    readonly observers: readonly string[];
    readonly absent: readonly string[];
  };
  readonly detectedAt: string | undefined;
  readonly declaredAt: string | undefined;
  readonly format: RecordFormat;
  readonly redact: boolean;
  readonly trend: boolean;
  readonly key: string | undefined;
  readonly as: SigningRole | undefined;
  readonly signer: string | undefined;
  readonly allowedSigners: string | undefined;
  readonly anchored: boolean;
};

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true, default: [] as string[] } as const;
const flag = { type: 'boolean', default: false } as const;

export const recordOptionTypes = {
  ...{ commander: text, operator: text, witness: text, approver: text, 'result-approver': text },
  ...{ observer: texts, absent: texts, 'detected-at': text, 'declared-at': text },
  ...{ format: text, redact: flag, trend: flag },
  ...{ key: text, as: text, signer: text, 'allowed-signers': text, anchored: flag },
} as const;

export const recordUsage = `  --commander, --operator, --witness, --approver, --result-approver, --observer, --absent NAME
                                who takes part, for the record; the commander declares the recovery
  --detected-at, --declared-at TIME
                                when the loss was noticed, and when a disaster was declared
  --format md|html|json         records export: the form; --redact masks hosts, people and places
  --key FILE --as ROLE          records sign: an SSH key, and commander, operator, witness or approver
  --allowed-signers FILE        records verify: who may have signed; --anchored asks the backup store, too
`;

type Values = {
  readonly [K in keyof typeof recordOptionTypes]?: string | boolean | readonly string[] | undefined;
};

export function readRecordOptions(values: Values): Outcome<RecordOptions> {
  const one = (name: keyof Values) => (typeof values[name] === 'string' ? values[name] : undefined);
  const many = (name: keyof Values) =>
    Array.isArray(values[name]) ? (values[name] as readonly string[]) : [];
  for (const name of ['detected-at', 'declared-at'] as const) {
    const time = one(name);
    if (time !== undefined && Number.isNaN(Date.parse(time)))
      return wrong(`--${name} ${time} is not a time, for example 2026-04-28T14:48Z`);
  }
  const format = recordFormats.find((known) => known === (one('format') ?? 'md'));
  if (format === undefined) return wrong(`--format ${one('format')} is none of ${recordFormats.join(', ')}`);
  const as = signingRoles.find((role) => role === one('as'));
  if (as === undefined && one('as') !== undefined)
    return wrong(`--as ${one('as')} is none of ${signingRoles.join(', ')}`);
  return succeed({
    people: {
      commander: one('commander'),
      operator: one('operator'),
      witness: one('witness'),
      planApprover: one('approver'),
      resultApprover: one('result-approver'),
      observers: many('observer'),
      absent: many('absent'),
    },
    detectedAt: one('detected-at'),
    declaredAt: one('declared-at'),
    format,
    redact: values.redact === true,
    trend: values.trend === true,
    key: one('key'),
    as,
    signer: one('signer'),
    allowedSigners: one('allowed-signers'),
    anchored: values.anchored === true,
  });
}

function wrong(what: string) {
  return fail({
    code: 'invalid-input',
    message: `${what}.`,
    remedy: 'Read `thaw help`.',
    retry: 'after-fix',
  });
}
