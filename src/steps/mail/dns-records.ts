import { succeed } from '../../base/failure.ts';
import type { Check } from '../../base/verdict.ts';
import type { StepContext, StepOf } from '../../kinds/kind.ts';
import { implementKind } from '../../kinds/kind.ts';
import { type Ask, judgeRecord } from './judge-mail-records.ts';
import { dnsRecordsKind } from './kinds.ts';

/** What the world sees of a mail domain. Looks only: it may run in every mode. */
export const dnsRecords = implementKind(dnsRecordsKind, {
  async preview(step) {
    return {
      sentences: [`Looks up ${step.records.length} records and compares them with what the runbook expects.`],
      commands: step.records.map((record) =>
        record.kind === 'dkim'
          ? `dig TXT ${record.selector}._domainkey.${record.domain}`
          : record.kind === 'dmarc'
            ? `dig TXT _dmarc.${record.domain}`
            : record.kind === 'mx'
              ? `dig MX ${record.domain}`
              : `dig TXT ${record.kind === 'txt' ? record.name : record.domain}`,
      ),
    };
  },

  async check() {
    return [];
  },

  async run() {
    return succeed({ kind: 'done' });
  },

  async verify(step, context) {
    const ask = askerOf(step, context);
    const checks: Check[] = [];
    for (const record of step.records) {
      const judged = await judgeRecord(record, ask);
      if (!judged.ok) return judged;
      checks.push(...judged.value);
    }
    return succeed(checks);
  },
});

function askerOf(step: StepOf<typeof dnsRecordsKind>, { world, output }: StepContext<'mail'>): Ask {
  return async (name, type) => {
    const found = await world.mail.lookUp({ name, type, ...(step.server ? { server: step.server } : {}) });
    if (found.ok) output(`${type} ${name}: ${found.value.length === 0 ? 'none' : found.value.join(' | ')}`);
    return found;
  };
}
