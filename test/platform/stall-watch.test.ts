import { describe, expect, it } from 'vitest';
import { pause } from '../../src/platform/pause.ts';
import { watchForStall } from '../../src/platform/stall-watch.ts';

function watched(more: Partial<Parameters<typeof watchForStall>[0]> = {}) {
  let stalls = 0;
  const onStall = () => {
    stalls += 1;
  };
  return { watch: watchForStall({ stallMs: 80, onStall, ...more }), stalls: () => stalls };
}

describe('A stall watch', () => {
  it('tells once when nothing is seen for the whole span', async () => {
    const { stalls } = watched();
    await pause(300);
    expect(stalls()).toBe(1);
  });

  it('starts again with each sign of life, and is silent once it ended', async () => {
    const { watch, stalls } = watched();
    for (let sign = 0; sign < 8; sign += 1) {
      await pause(30);
      watch.sawLife();
    }
    watch.end();
    await pause(150);
    expect(stalls()).toBe(0);
  });

  it('does not count our own turn, and gives the other side a whole span after it', async () => {
    let isOurTurn = true;
    const { stalls } = watched({ isOurTurn: () => isOurTurn });
    await pause(250);
    expect(stalls()).toBe(0);
    isOurTurn = false;
    await pause(40);
    expect(stalls()).toBe(0);
    await pause(200);
    expect(stalls()).toBe(1);
  });

  it('asks whether a silent program is at work before it calls that a stall', async () => {
    let isWorking = true;
    const { stalls } = watched({ stillWorking: async () => isWorking });
    await pause(250);
    expect(stalls()).toBe(0);
    isWorking = false;
    await pause(250);
    expect(stalls()).toBe(1);
  });

  it('takes a question that fails for no sign of life', async () => {
    const { stalls } = watched({ stillWorking: () => Promise.reject(new Error('no answer')) });
    await pause(250);
    expect(stalls()).toBe(1);
  });

  it('watches nobody without a span', async () => {
    const { watch, stalls } = watched({ stallMs: undefined });
    watch.sawLife();
    await pause(50);
    watch.end();
    expect(stalls()).toBe(0);
  });
});
