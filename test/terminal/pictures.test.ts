import headless from '@xterm/headless';
import { describe, expect, test } from 'vitest';
import { light, renderSvg } from '../../scripts/render-svg.ts';
import { openDemo } from './open-demo.ts';

/** The end of one whole picture (synchronized output). */
const pictureEnd = '\x1b[?2026l';

/** What stands on the terminal, colours included, drawn as for the documentation. */
async function renderScene(scene: string, keys: string) {
  const demo = openDemo(scene);
  const shows = (rows: readonly string[]) => rows[22]?.includes(keys) === true;
  await demo.waitFor(shows);
  for (;;) {
    const terminal = await replayWhole(demo.bytes());
    const last = terminal.buffer.active.getLine(22)?.translateToString(true) ?? '';
    // The keys may have come in the first half of a picture whose second half is still on its way.
    if (last.includes(keys))
      return { dark: renderSvg(terminal, scene), light: renderSvg(terminal, scene, light) };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function replayWhole(bytes: string) {
  const terminal = new headless.Terminal({ cols: 80, rows: 24, allowProposedApi: true });
  const whole = bytes.slice(0, bytes.lastIndexOf(pictureEnd) + pictureEnd.length);
  await new Promise<void>((resolve) => terminal.write(whole, resolve));
  return terminal;
}

/** Reviewed by eye: a change of colour or layout is a change of these files. */
describe('Pictures of the terminal, colours included', { timeout: 120_000 }, () => {
  test.each([
    ['still', 'q leave'],
    ['preflight', 'q leave'],
    ['choose-row', 'enter choose'],
    ['type-name', 'enter swap'],
    ['failure', 'enter choose'],
    ['attest', 'p passed'],
  ])('%s looks as it was last looked at', async (scene, keys) => {
    const drawn = await renderScene(scene, keys);
    await expect(drawn.dark).toMatchFileSnapshot(`pictures/${scene}.svg`);
    if (scene === 'failure' || scene === 'still')
      await expect(drawn.light).toMatchFileSnapshot(`pictures/${scene}-light.svg`);
  });
});
