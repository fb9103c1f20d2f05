import { describe, expect, test } from 'vitest';
import type { InputRequest } from '../../src/session/missing-input.ts';
import { cellWidth } from '../../src/ui/cells.ts';
import { inputsRows } from '../../src/ui/inputs/inputs-rows.ts';
import {
  firstInputsState,
  type InputsReaction,
  type InputsState,
  pressInputKey,
} from '../../src/ui/inputs/inputs-state.ts';
import { Rows } from '../../src/ui/rows.tsx';
import { renderElement } from './render-element.tsx';

const request: InputRequest = {
  mode: 'live',
  title: 'Port Nimara CRM',
  missing: [
    { name: 'BACKUP_S3_BUCKET', about: 'the bucket with the dumps', secret: false },
    { name: 'BACKUP_GPG_PASSPHRASE', about: 'passphrase of the backup key', secret: true },
  ],
};

function type(keys: readonly (string | { readonly paste: string })[], from?: InputsState): InputsReaction {
  let reaction: InputsReaction = { state: from ?? firstInputsState(request) };
  for (const key of keys) {
    const press =
      typeof key === 'string'
        ? ({ kind: 'key', name: key, alone: true } as const)
        : ({ kind: 'text', text: key.paste } as const);
    reaction = pressInputKey(request, { state: reaction.state, press });
  }
  return reaction;
}

function draw(state: InputsState, size = { columns: 80, rows: 24 }): string {
  const rows = inputsRows({ request, state, size });
  return renderElement(<Rows rows={rows} width={size.columns} height={size.rows - 1} />, size.columns);
}

describe('Values that are missing', () => {
  test('the page names them all and promises to keep none', () => {
    expect(`\n${draw(firstInputsState(request))}`).toMatchInlineSnapshot(`
      "
       LIVE  Port Nimara CRM                                      0 of 2 values given
      ────────────────────────────────────────────────────────────────────────────────
       Before the run begins: these values are given neither by the environment nor
       by an env file.
       What you type stays in memory and is never written down; once this process is
       gone, \`thaw resume\` asks for it again.

       ▸ BACKUP_S3_BUCKET       █
                                the bucket with the dumps
         BACKUP_GPG_PASSPHRASE  passphrase of the backup key











      ────────────────────────────────────────────────────────────────────────────────
       enter next value  ↑↓ move  ^U clear  esc give up, nothing happens"
    `);
  });

  test('a secret is never drawn, only how long it is', () => {
    const { state } = type([{ paste: 'backups' }, 'enter', { paste: 'correct horse battery\n' }]);
    expect(state.typed).toEqual(['backups', 'correct horse battery']);
    const frame = draw(state);
    expect(frame).toContain('backups');
    expect(frame).not.toMatch(/correct|horse|battery/);
    expect(frame).toContain('hidden, 21 characters');
    expect(draw({ ...state, at: 0 })).not.toMatch(/correct|horse|battery/);
  });

  test('of a secret nothing is cleaned away: odd characters may be part of it', () => {
    expect(type(['enter', 'down', { paste: 'a\tb\u200bc \r\n' }]).state.typed[1]).toBe('a\tb\u200bc ');
  });

  test('Enter goes on to the next empty value, ends with the last, and takes no empty one', () => {
    expect(type(['enter']).state.notice).toBe('BACKUP_S3_BUCKET is needed: nothing is typed yet.');
    expect(type(['b', 'enter']).state.at).toBe(1);
    expect(type(['b', 'enter', 's', 'enter']).end).toBe('given');
    const second = type(['down', 's', 'enter']);
    expect(second.end).toBeUndefined();
    expect(second.state.at).toBe(0);
  });

  test('escape and Ctrl+C give up; nothing was begun', () => {
    expect(type(['b', 'escape']).end).toBe('cancelled');
    expect(type(['ctrl-c']).end).toBe('cancelled');
  });

  test('a value is mended with backspace and cleared with Ctrl+U', () => {
    expect(type(['b', 'c', 'backspace']).state.typed[0]).toBe('b');
    expect(type(['down', { paste: 'wrong' }, 'ctrl-u']).state.typed[1]).toBe('');
  });

  test.each([
    [60, 16],
    [100, 30],
    [200, 60],
  ])('at %i by %i every row fits', (columns, rows) => {
    const lines = draw(firstInputsState(request), { columns, rows }).split('\n');
    expect(lines).toHaveLength(rows - 1);
    expect(lines.filter((line) => cellWidth(line) > columns)).toEqual([]);
  });
});
