import headless from '@xterm/headless';
import { describe, expect, test } from 'vitest';
import { drawSvg, light } from '../../scripts/draw-svg.ts';
import { openDemo } from './open-demo.ts';

/** The end of one whole picture (synchronized output). */
const pictureEnd = '\x1b[?2026l';

/** What stands on the terminal, colours included, drawn as for the documentation. */
async function drawScene(scene: string, keys: string) {
  const demo = openDemo(scene);
  await demo.waitFor((rows) => rows[22]?.includes(keys) === true);
  const terminal = new headless.Terminal({ cols: 80, rows: 24, allowProposedApi: true });
  const bytes = demo.bytes();
  const whole = bytes.slice(0, bytes.lastIndexOf(pictureEnd) + pictureEnd.length);
  await new Promise<void>((resolve) => terminal.write(whole, resolve));
  return { dark: drawSvg(terminal, scene), light: drawSvg(terminal, scene, light) };
}

/** Reviewed by eye: a change of colour or layout is a change of these files. */
describe('Pictures of the terminal, colours included', { timeout: 30_000 }, () => {
  test.each([
    ['still', 'q leave'],
    ['preflight', 'q leave'],
    ['choose-row', 'enter choose'],
    ['type-name', 'enter swap'],
    ['failure', 'enter choose'],
    ['attest', 'p passed'],
  ])('%s looks as it was last looked at', async (scene, keys) => {
    const drawn = await drawScene(scene, keys);
    await expect(drawn.dark).toMatchFileSnapshot(`pictures/${scene}.svg`);
    if (scene === 'failure' || scene === 'still')
      await expect(drawn.light).toMatchFileSnapshot(`pictures/${scene}-light.svg`);
  });
});
