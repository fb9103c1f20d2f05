import { describe, expect, test } from 'vitest';
import { type Demo, openDemo } from './open-demo.ts';

const down = '\x1b[B';
const esc = '\x1b';
const enter = '\r';

/** A question takes answers once its keys stand in the footer. */
async function ask(scene: string, keys: string): Promise<Demo> {
  const demo = openDemo(scene);
  await demo.waitFor((rows) => rows[22]?.includes(keys) === true);
  return demo;
}

/**
 * Whatever was written before was read and followed: the help comes and goes. What is written without waiting is one burst to a
 * busy program, and a burst answers nothing.
 */
async function everythingRead(demo: Demo): Promise<void> {
  demo.write('?');
  await demo.waitFor('Keys: a question');
  demo.write(esc);
  await demo.waitFor((rows) => rows[22]?.includes('y begin') === true);
}

const answered = async (demo: Demo) => (await demo.waitForEvent('answer')).answer;

describe('Questions answered with keys', { timeout: 120_000 }, () => {
  test('a choice is taken with the arrows and Enter', async () => {
    const demo = await ask('failure', 'enter choose');
    demo.write(`${down}${down}`);
    await demo.waitFor('▸ Stop here');
    demo.write(enter);
    expect(await answered(demo)).toEqual({ value: 'stop', by: 'operator' });
    expect(demo.violations()).toEqual([]);
  });

  test('Enter right behind an arrow, in one read, takes the choice that the arrow marked', async () => {
    const demo = await ask('failure', 'enter choose');
    demo.write(`${down}${down}${enter}`);
    expect(await answered(demo)).toEqual({ value: 'stop', by: 'operator' });
  });

  test('what cannot be chosen says why and sends nothing', async () => {
    const demo = await ask('choose', 'enter choose');
    demo.write(down);
    await demo.waitFor('▸ 0x1B02');
    demo.write(enter);
    await demo.waitFor('0x1B02…90DE in the keyring cannot be chosen: it expired on 2026-03-01');
    expect(demo.events()).toEqual([]);
  });

  test('skipping asks for a reason, does not take an empty one, and escape goes back', async () => {
    const demo = await ask('failure', 'enter choose');
    demo.write(down);
    await demo.waitFor('▸ Skip the step');
    demo.write(enter);
    await demo.waitFor('Skip the step, because:');
    demo.write(enter);
    await demo.waitFor('because (needed):');
    demo.write(esc);
    await demo.waitFor('enter choose');
    demo.write(enter);
    await demo.waitFor('Skip the step, because:');
    demo.write('the key is at home');
    await demo.waitFor('at home█');
    demo.write(enter);
    expect(await answered(demo)).toEqual({ value: 'skip', note: 'the key is at home', by: 'operator' });
  });

  test('a row is filtered, told about, and taken', async () => {
    const demo = await ask('choose-row', 'enter choose');
    await demo.waitFor('you lose what was written in the 41 minutes');
    demo.write('/');
    await demo.waitFor('Only rows with:');
    demo.write('12:07');
    await demo.waitFor('1 of 4 rows contain “12:07”');
    demo.write(enter);
    await demo.waitFor('With 12:07 you lose');
    await demo.waitFor('enter choose');
    demo.write(enter);
    expect(await answered(demo)).toEqual({ value: '12', by: 'operator' });
  });

  test('a row that cannot be taken can be read about, not taken', async () => {
    const demo = await ask('choose-row', 'enter choose');
    demo.write('\x1b[F');
    await demo.waitFor('cannot be chosen: incomplete. The dump has no bytes.');
    demo.write(enter);
    await demo.waitFor('2026-04-28 11:07 cannot be chosen: incomplete');
    expect(demo.events()).toEqual([]);
  });

  test('the dangerous question goes on with the exact name only', async () => {
    const demo = await ask('type-name', 'enter swap');
    demo.write('port_nimara_cr');
    await demo.waitFor('not this name yet: enter does nothing');
    demo.write(enter);
    await demo.waitFor('enter swap: the name does not match.');
    demo.write('m');
    await demo.waitFor('the name matches: enter swaps');
    demo.write('x');
    await demo.waitFor('not this name yet');
    demo.write('\x7f');
    await demo.waitFor('the name matches');
    expect(demo.events()).toEqual([]);
    demo.write(enter);
    expect(await answered(demo)).toEqual({ value: 'port_nimara_crm', by: 'operator' });
  });

  test('a pasted name with its line end is typed, and does not press Enter', async () => {
    const demo = await ask('type-name', 'enter swap');
    demo.write('\x1b[200~port_nimara_crm\n\x1b[201~');
    await demo.waitFor('the name matches: enter swaps');
    expect(demo.events()).toEqual([]);
  });

  test('a burst with a line end in a terminal without paste marks does not press Enter either', async () => {
    const demo = await ask('type-name', 'enter swap');
    demo.write('port_nimara_crm\r');
    await demo.waitFor('the name matches: enter swaps');
    expect(demo.events()).toEqual([]);
  });

  test('escape on the dangerous question answers no, and nothing happens', async () => {
    const demo = await ask('type-name', 'enter swap');
    demo.write(esc);
    expect(await answered(demo)).toEqual({ value: 'no', by: 'operator' });
  });

  test('Enter is no yes; y is, and n is no', async () => {
    const demo = await ask('confirm', 'y begin');
    // Any key takes a notice away: so it shows that Enter was read.
    demo.write('\x1a');
    await demo.waitFor('it would freeze the run');
    demo.write(enter);
    await demo.waitFor((rows) => !rows.join('\n').includes('it would freeze the run'));
    demo.write('yy');
    await everythingRead(demo);
    expect(demo.events()).toEqual([]);
    demo.write('y');
    expect(await answered(demo)).toEqual({ value: 'yes', by: 'operator' });
    const other = await ask('confirm', 'y begin');
    other.write('n');
    expect(await answered(other)).toEqual({ value: 'no', by: 'operator' });
  });

  test('a key pressed in the moment a question appears does not answer it', async () => {
    // On a busy host the moment may be over before the key arrives, and the key counts: then once more.
    for (let attempt = 1; ; attempt += 1) {
      const demo = openDemo('confirm');
      await demo.waitFor('Do you want to begin the walk?');
      demo.write('y');
      const isAnswered = () => demo.events().length > 0;
      await demo.waitFor((rows) => isAnswered() || rows[22]?.includes('y begin') === true);
      if (!isAnswered()) await everythingRead(demo);
      if (attempt < 5 && isAnswered()) continue;
      expect(demo.events()).toEqual([]);
      return;
    }
  });

  test('an attestation that failed asks what was seen', async () => {
    const demo = await ask('attest', 'p passed');
    demo.write('f');
    await demo.waitFor('Failed; what was seen:');
    demo.write('the page stays blank');
    await demo.waitFor('blank█');
    demo.write(enter);
    expect(await answered(demo)).toEqual({ value: 'failed', note: 'the page stays blank', by: 'operator' });
  });

  test('an attestation that passed may go without a note', async () => {
    const demo = await ask('attest', 'p passed');
    demo.write('p');
    await demo.waitFor('Passed; a note:');
    demo.write(enter);
    expect(await answered(demo)).toEqual({ value: 'passed', by: 'operator' });
  });

  test('tab looks at the steps while the question waits, and comes back', async () => {
    const demo = await ask('confirm', 'y begin');
    demo.write('\t');
    await demo.waitFor('5 of 9  Restore PostgreSQL');
    await demo.waitFor('tab answer the question');
    demo.write('y');
    demo.write('\t');
    await demo.waitFor('Do you want to begin the walk?');
    expect(demo.events()).toEqual([]);
  });

  test('a whole walk by keys, where every answer brings the next question at once', async () => {
    const demo = await ask('walk', 'y begin');
    demo.write('y');
    await demo.waitFor((rows) => rows[22]?.includes('/ filter') === true);
    // The second Enter comes too early for the question behind, and must not retry the failed step.
    demo.write(enter);
    demo.write(enter);
    await demo.waitFor((rows) => rows[22]?.includes('l log') === true);
    demo.write(enter);
    await demo.waitFor((rows) => rows[22]?.includes('l log') === false);
    await demo.waitFor((rows) => rows[22]?.includes('l log') === true);
    demo.write(`${down}${down}${enter}`);
    await demo.waitFor((rows) => rows[22]?.includes('enter swap') === true);
    demo.write('port_nimara_crm');
    await demo.waitFor('the name matches');
    demo.write(enter);
    await demo.waitFor((rows) => rows[22]?.includes('p passed') === true);
    demo.write('p');
    await demo.waitFor('Passed; a note:');
    demo.write(enter);
    await demo.waitFor('any key leaves');
    demo.write(' ');
    await demo.exit;
    const values = demo.events().flatMap((one) => (one.answer === undefined ? [] : [one.answer.value]));
    expect(values).toEqual(['yes', '14', 'retry', 'stop', 'port_nimara_crm', 'passed']);
    expect(demo.violations()).toEqual([]);
    expect(demo.leftBehind()).toEqual([]);
  });

  test('the checks before the walk stand with what blocks first', async () => {
    const demo = openDemo('preflight');
    const screen = await demo.waitFor('1 blocker');
    expect(screen[5]).toContain('✗ failed');
    expect(screen[6]).toContain('→ Free 2.2 GB');
    expect(demo.violations()).toEqual([]);
  });
});
