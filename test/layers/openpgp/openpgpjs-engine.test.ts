import { PassThrough, Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchReader } from '../../../src/layers/openpgp/openpgpjs-engine.ts';

const never = new Promise<never>(() => undefined);

it('tells of a reader that takes nothing of what is there', async () => {
  const source = Readable.from([Buffer.from('one'), Buffer.from('two')]);
  Readable.toWeb(source);
  await expect(watchReader(source, 50).within(never)).rejects.toThrow('stopped reading');
});

it('waits for a source that is slow itself', async () => {
  const source = new PassThrough();
  const reading = Readable.toWeb(source).getReader();
  const late = reading.read();
  const watched = watchReader(source, 50).within(late);
  await pause(300);
  source.write('late');
  expect((await watched).value).toEqual(new Uint8Array(Buffer.from('late')));
});
