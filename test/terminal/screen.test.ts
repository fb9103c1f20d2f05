import { describe, expect, test } from 'vitest';
import { openDemo } from './open-demo.ts';

const up = '\x1b[A';
const down = '\x1b[B';
const pageUp = '\x1b[5~';
const home = '\x1b[H';
const esc = '\x1b';
const enter = '\r';
const ctrlC = '\x03';

/** The parameters of every colour and style sequence: ESC [ … m. */
const colorsIn = (bytes: string) =>
  bytes
    .split('\x1b[')
    .flatMap((part) => (/^[\d;]*m/.exec(part)?.[0] ?? '').split(/[;m]/).filter((one) => one !== ''));

describe('The walk on a terminal of 80 by 24', { timeout: 120_000 }, () => {
  test('shows mode, time, steps and the output that comes, within the first second', async () => {
    const demo = openDemo('busy');
    const screen = await demo.waitFor('later line 3 of this run');
    expect(screen[0]).toContain('LIVE  port-nimara-crm');
    expect(screen[23]).toBe('');
    expect(demo.isAlternate()).toBe(true);
    expect(demo.violations()).toEqual([]);
  });

  test('arrows look at other steps while the output goes on, and f comes back', async () => {
    const demo = openDemo('busy', { env: { DEMO_LINES: '400' } });
    await demo.waitFor('later line 2');
    demo.write(up);
    await demo.waitFor('4 of 9  Decrypt');
    demo.write(`${up}${up}${up}`);
    await demo.waitFor('1 of 9  Stop writers');
    demo.write('jj');
    await demo.waitFor('3 of 9  Fetch');
    demo.write('f');
    await demo.waitFor('5 of 9  Restore PostgreSQL');
    demo.write(down);
    await demo.waitFor('6 of 9  Mirror objects');
    expect(demo.violations()).toEqual([]);
  });

  test('scrolling back holds the picture still until f', async () => {
    const demo = openDemo('busy', { env: { DEMO_LINES: '400' } });
    await demo.waitFor('later line 2');
    demo.write(home);
    await demo.waitFor('line 1, held');
    const held = await demo.waitFor('table_001');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const outputOf = (rows: readonly string[]) => rows.slice(-8, -3);
    expect(outputOf(demo.screen())).toEqual(outputOf(held));
    demo.write('f');
    await demo.waitFor('following');
    demo.write(pageUp);
    await demo.waitFor('held');
  });

  test('search marks the newest match, and says when there is none', async () => {
    const demo = openDemo('still');
    await demo.waitFor('q leave');
    demo.write('/');
    await demo.waitFor('Search:');
    demo.write('table_1');
    await demo.waitFor('table_1█');
    demo.write('23');
    await demo.waitFor('table_123█');
    demo.write(enter);
    await demo.waitFor('“table_123” in 1 · line 123, held');
    demo.write('/');
    await demo.waitFor('Search:');
    demo.write('\x15nowhere');
    await demo.waitFor('nowhere█');
    demo.write(enter);
    await demo.waitFor('No line contains “nowhere”.');
    demo.write(esc);
    await demo.waitFor('300 lines · following');
  });

  test('help names the keys where one is, and escape goes back', async () => {
    const demo = openDemo('still');
    await demo.waitFor('q leave');
    demo.write('?');
    await demo.waitFor('Keys: the walk');
    demo.write(esc);
    await demo.waitFor('5 of 9  Restore PostgreSQL');
    expect(demo.events()).toEqual([]);
  });

  test('the command log and the whole step open over the walk', async () => {
    const demo = openDemo('still');
    await demo.waitFor('q leave');
    demo.write('@');
    await demo.waitFor('$ docker compose --project-name crm stop web worker scheduler');
    demo.write(esc);
    await demo.waitFor('q leave');
    demo.write(enter);
    await demo.waitFor('rows 1 to 16 of');
  });

  test('a note is typed, mended, pasted into, and written', async () => {
    const demo = openDemo('still');
    await demo.waitFor('q leave');
    demo.write('n');
    await demo.waitFor('Note:');
    demo.write('pooler draimed');
    await demo.waitFor('draimed█');
    demo.write('\x7f\x7f\x7fned\x1b[200~ at 14:55\n\x1b[201~');
    await demo.waitFor('pooler drained at 14:55█');
    demo.write(enter);
    await demo.waitFor('Note written.');
    expect(demo.events()).toEqual([{ event: 'note', text: 'pooler drained at 14:55' }]);
  });

  test('a paste into the walk presses no key', async () => {
    const demo = openDemo('still');
    await demo.waitFor('q leave');
    demo.write('\x1b[200~qy?n@\x1b[201~');
    demo.write(up);
    const screen = await demo.waitFor('4 of 9  Decrypt');
    expect(screen.join('\n')).not.toContain('Leave the screen?');
  });

  test('a key that does nothing says why', async () => {
    const demo = openDemo('still');
    await demo.waitFor('q leave');
    demo.write('f');
    await demo.waitFor('f follow: already following.');
    demo.write('\x1a');
    await demo.waitFor('it would freeze the run');
  });

  test('the output file opens in the pager, Ctrl+C there ends the pager only, and the walk comes back', async () => {
    const demo = openDemo('still', {
      // Said by the program itself: a shell that is just starting one may let a Ctrl+C pass.
      env: {
        DEMO_OUTPUT: 'package.json',
        PAGER: `${process.execPath} -e "console.log('paging'); setInterval(() => {}, 1000)"`,
      },
    });
    await demo.waitFor('q leave');
    demo.write('l');
    await demo.waitFor('paging');
    demo.write(ctrlC);
    const back = await demo.waitFor('q leave');
    expect(back[0]).toContain('LIVE  port-nimara-crm');
    expect(back[3]).toContain('5 of 9  Restore PostgreSQL');
    demo.write('n');
    await demo.waitFor('Note:');
  });

  test('an output file that is not there is named', async () => {
    const demo = openDemo('still');
    await demo.waitFor('q leave');
    demo.write('l');
    await demo.waitFor('There is no output file yet: restore-logs/run/restore-database.log');
  });
});

describe('The terminal itself', { timeout: 120_000 }, () => {
  test('a storm of resizes ends in a clean picture', async () => {
    const demo = openDemo('busy', { env: { DEMO_LINES: '600' } });
    await demo.waitFor('later line 2');
    for (const [columns, rows] of [
      [200, 60],
      [60, 16],
      [120, 20],
      [61, 40],
      [300, 17],
      [90, 24],
      [80, 24],
    ] as const) {
      demo.resize({ columns, rows });
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    const screen = await demo.waitFor(
      (rows) =>
        rows.filter((row) => row.includes('LIVE  port-nimara-crm')).length === 1 &&
        rows[22]?.includes('q leave') === true,
    );
    expect(screen[0]).toContain('LIVE  port-nimara-crm');
    expect(screen[23]).toBe('');
    expect(demo.bytes()).not.toContain('\x1b[3J');
  });

  test('a terminal that is too small says what it has and what it needs, still leaves, and recovers', async () => {
    const demo = openDemo('still', { columns: 50, rows: 12 });
    await demo.waitFor('too small: have 50x12, need 60x16');
    demo.resize({ columns: 100, rows: 30 });
    await demo.waitFor('5 of 9  Restore PostgreSQL');
    demo.resize({ columns: 40, rows: 8 });
    await demo.waitFor('too small: have 40x8');
    demo.write('q');
    await demo.waitFor('y leave');
    demo.write('y');
    expect(await demo.exit).toMatchObject({ status: 0 });
  });

  test('NO_COLOR leaves not one colour on the screen', async () => {
    const demo = openDemo('busy', { env: { NO_COLOR: '1' } });
    await demo.waitFor('later line 3');
    expect(colorsIn(demo.bytes())).toEqual([]);
    const colored = openDemo('still');
    await colored.waitFor('q leave');
    expect(colorsIn(colored.bytes())).toContain('31');
  });

  test('an ASCII terminal gets ASCII only', async () => {
    const demo = openDemo('busy', { env: { DEMO_ASCII: '1' } });
    await demo.waitFor('later line 3');
    expect(demo.bytes()).toMatch(/^\p{ASCII}*$/u);
  });

  test('CI=true in the environment of a server does not blank the screen', async () => {
    const demo = openDemo('still', { env: { CI: 'true' } });
    await demo.waitFor('5 of 9  Restore PostgreSQL');
  });

  test('inline, the last picture stays in the scrollback', async () => {
    const demo = openDemo('busy', { env: { DEMO_INLINE: '1', DEMO_LINES: '5' } });
    await demo.waitFor('any key leaves');
    expect(demo.isAlternate()).toBe(false);
    demo.write('x');
    await demo.exit;
    expect(demo.scrollback().join('\n')).toContain('The walk is over');
    expect(demo.leftBehind()).toEqual([]);
  });
});
