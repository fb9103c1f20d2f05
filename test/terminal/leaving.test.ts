import { describe, expect, test } from 'vitest';
import { openDemo } from './open-demo.ts';

const esc = '\x1b';
const ctrlC = '\x03';

describe('Leaving', { timeout: 120_000 }, () => {
  test('q asks first and says what keeps running; escape stays; y leaves and the run goes on', async () => {
    const demo = openDemo('busy', { env: { DEMO_LINES: '25', DEMO_STAY: '1' } });
    await demo.waitFor('later line 1');
    demo.write('q');
    await demo.waitFor('In hand, and it keeps running without the screen:');
    demo.write(esc);
    await demo.waitFor('5 of 9  Restore PostgreSQL');
    demo.write('q');
    await demo.waitFor('Leave the screen?');
    demo.write('y');
    await demo.waitForEvent('run-ended');
    expect(demo.events()[0]).toEqual({ event: 'screen-closed', outcome: 'left' });
    await demo.exit;
    expect(demo.leftBehind()).toEqual([]);
    expect(demo.scrollback().join('\n')).toContain('outcome: left');
  });

  test('Ctrl+C asks, a second one stops at the next safe point, and the summary stays', async () => {
    const demo = openDemo('still');
    await demo.waitFor('q leave');
    demo.write(ctrlC);
    await demo.waitFor('Pressed again, stops the run at its next safe point.');
    expect(demo.events()).toEqual([]);
    demo.write(ctrlC);
    await demo.waitFor('Stopped at a safe point');
    demo.write(' ');
    expect(await demo.exit).toMatchObject({ status: 0 });
    expect(demo.events().map((one) => one.event)).toEqual(['stop', 'screen-closed']);
    expect(demo.scrollback().join('\n')).toContain('stopped, resumable');
    expect(demo.leftBehind()).toEqual([]);
    expect(demo.violations()).toEqual([]);
  });

  test('a Ctrl+C that comes as a signal asks as well', async () => {
    const demo = openDemo('still');
    await demo.waitFor('q leave');
    process.kill(demo.pid, 'SIGINT');
    await demo.waitFor('Leave the screen?');
  });

  test('the end shows the summary, any key leaves, and the summary stays in the scrollback', async () => {
    const demo = openDemo('busy', { env: { DEMO_LINES: '3' } });
    await demo.waitFor('any key leaves');
    demo.write('x');
    await demo.exit;
    expect(demo.scrollback().join('\n')).toContain('VERIFIED');
    expect(demo.scrollback().join('\n')).toContain('outcome: finished');
    expect(demo.leftBehind()).toEqual([]);
  });

  test('a terminal that is closed takes the screen with it and not the run', async () => {
    const demo = openDemo('busy', { env: { DEMO_LINES: '30', DEMO_STAY: '1' } });
    await demo.waitFor('later line 2');
    demo.close();
    expect(await demo.waitForEvent('screen-closed')).toMatchObject({ outcome: 'left' });
    await demo.waitForEvent('run-ended');
  });
});
