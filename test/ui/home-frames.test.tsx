import { describe, expect, test } from 'vitest';
import { cellWidth } from '../../src/ui/cells.ts';
import { HomeFrame } from '../../src/ui/home/home-frame.tsx';
import { firstHomeState, type HomeState } from '../../src/ui/home/home-state.ts';
import type { Size } from '../../src/ui/screen-state.ts';
import { renderElement } from './render-element.tsx';
import { sampleHome } from './sample-home.ts';

const small: Size = { columns: 80, rows: 24 };

function draw(state: Partial<HomeState> = {}, size = small, view = sampleHome): string {
  const situation = { state: { ...firstHomeState, ...state }, view, size };
  return renderElement(<HomeFrame situation={situation} />, size.columns);
}

const opened = (key: string) => ({ opened: { key, at: 0 }, armed: true });

describe('The first page', () => {
  test('unfinished runs first, then runbooks with objectives and newest backup, then past runs with verdict and date', () => {
    expect(`\n${draw()}`).toMatchInlineSnapshot(`
      "
       thaw  What do you want to do?                       host crm-01 · restore-logs
      ────────────────────────────────────────────────────────────────────────────────
       Unfinished: go on here
       ▸ LIVE      port-nimara-crm  stopped 12 min ago, at step 5 of 9, Restore Postg…

       Your runbooks
         port-nimara-crm  RTO 30 min · RPO 1 h · backups: newest 41 min old

       Past runs
         2026-04-26 10:00  DRILL     port-nimara-crm  ✓ VERIFIED against the manifest…
         2026-03-26 10:00  DRILL     port-nimara-crm  ✗ FAILED · 31:02










      ────────────────────────────────────────────────────────────────────────────────
       ↑↓ move  enter open  / filter  ? help  q leave"
    `);
  });

  test('a runbook opened: each mode says what it may touch, and what cannot be chosen says why', () => {
    expect(`\n${draw(opened('runbooks/port-nimara-crm.yaml'))}`).toMatchInlineSnapshot(`
      "
       thaw  port-nimara-crm                               host crm-01 · restore-logs
      ────────────────────────────────────────────────────────────────────────────────
       ▸ LIVE      restore production
           may replace     database port_nimara_crm at 10.0.0.5:5432, after you type
                           its name
           only reads      objects in backups at https://s3.example.org

         DRILL     walk it on throwaway targets
           may use         database drill at 10.0.0.9:5432

         TABLETOP  talk it through  – cannot be chosen: nobody is invited

       Port Nimara CRM. Cold restore of the CRM on a clean host.








      ────────────────────────────────────────────────────────────────────────────────
       ↑↓ choose  enter restore production  esc back, nothing happens  ? help"
    `);
  });

  test('an unfinished run opened: go on, or only look', () => {
    const frame = draw(opened('2026-04-28T1448Z-port-nimara-crm-live'));
    expect(frame).toMatch(/▸ LIVE +go on at step 5 of 9, Restore PostgreSQL/);
    expect(frame).toMatch(/may replace +port_nimara_crm at 10\.0\.0\.5:5432/);
    expect(frame).toContain('look at what it did');
  });

  test('Enter is named only once it counts', () => {
    const key = 'runbooks/port-nimara-crm.yaml';
    expect(draw({ opened: { key, at: 0 } })).not.toContain('enter');
    expect(draw(opened(key))).toContain('enter restore production');
  });

  test('what is still being looked for says so, and an empty page is no riddle', () => {
    expect(draw({}, small, { ...sampleHome, rows: [], looking: true })).toContain(
      'Looking for runs and runbooks',
    );
    expect(draw({}, small, { ...sampleHome, rows: [] })).toContain('There is no runbook here.');
    expect(draw({ filter: 'nowhere' })).toContain('No row contains “nowhere”.');
  });

  test('what a lost SSH session means stands on top', () => {
    const advice = ['This SSH session is not inside tmux or screen.'];
    expect(draw({}, small, { ...sampleHome, advice }).split('\n')[2]).toBe(` ! ${advice[0]}`);
  });

  test('the help says what each mode is and what each key does', () => {
    const help = draw({ help: true });
    expect(help).toMatch(/LIVE +Restores production/);
    expect(help).toMatch(/esc +Goes one step back\. Nothing happens by it, ever\./);
  });

  test('a terminal that is too small says what it has and what it needs', () => {
    expect(draw({}, { columns: 40, rows: 10 })).toContain('too small: have 40x10, need 60x16');
  });

  test.each([
    [60, 16],
    [80, 24],
    [100, 30],
    [200, 60],
  ])('at %i by %i every row fits, and the frame is one row less than the terminal', (columns, rows) => {
    for (const state of [{}, opened('runbooks/port-nimara-crm.yaml'), { help: true }]) {
      const lines = draw(state, { columns, rows }).split('\n');
      expect(lines).toHaveLength(rows - 1);
      expect(lines.filter((line) => cellWidth(line) > columns)).toEqual([]);
      expect(lines.at(-1)).not.toBe('');
    }
  });

  test('a long list is cut around the mark, and says how much is below', () => {
    const [row] = sampleHome.rows;
    const rows = Array.from({ length: 60 }, (_, at) => ({ ...row, key: `r${at}`, title: `run-${at}` }));
    const view = { ...sampleHome, rows: rows as typeof sampleHome.rows };
    expect(draw({ cursor: 'r30' }, small, view)).toMatch(/▸ LIVE +run-30/);
    expect(draw({ cursor: 'r30' }, small, view)).toMatch(/↓ \d+ more/);
  });
});
