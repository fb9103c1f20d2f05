import { describe, expect, it } from 'vitest';
import { parseArguments, usage } from '../../src/cli/arguments.ts';
import { recordOptionTypes } from '../../src/cli/record-options.ts';

const optionsOf = (...argv: readonly string[]) => {
  const parsed = parseArguments(argv);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value.options;
};
const faultOf = (...argv: readonly string[]) => {
  const parsed = parseArguments(argv);
  return parsed.ok ? undefined : parsed.failure.message;
};

describe('the options of a record', () => {
  it('name people and times, observers more than once', () => {
    const { record } = optionsOf(
      ...['drill', 'crm', '--commander', 'A', '--observer', 'B', '--observer', 'C', '--approver', 'D'],
      ...['--detected-at', '2026-04-28T14:43Z'],
    );
    expect(record.people).toMatchObject({
      commander: 'A',
      observers: ['B', 'C'],
      planApprover: 'D',
      witness: undefined,
    });
    expect(record.detectedAt).toBe('2026-04-28T14:43Z');
  });

  it('are refused with the values that there are', () => {
    expect(faultOf('drill', 'crm', '--declared-at', 'noon')).toContain('--declared-at noon is not a time');
    expect(faultOf('records', 'export', 'r', '--format', 'pdf')).toContain('none of md, html, json');
    expect(faultOf('records', 'sign', 'r', '--as', 'boss')).toContain(
      'none of commander, operator, witness, approver',
    );
    expect(faultOf('rehearse', '--mode', 'fire')).toContain('none of live, drill, tabletop');
  });

  it('are all in the usage', () => {
    const unnamed = ['trend', 'signer'];
    for (const name of Object.keys(recordOptionTypes))
      if (!unnamed.includes(name)) expect(usage).toContain(`--${name}`);
    expect(usage).toContain('thaw tabletop RUNBOOK');
  });
});
