import { Readable } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import { damagedMessage } from './age-failure.ts';

const begin = '-----BEGIN AGE ENCRYPTED FILE-----';
const end = '-----END AGE ENCRYPTED FILE-----';

/** `age --armor` wraps a message in base64. The library decodes that only as a whole, so it is done here, piece by piece. */
export function removeArmor(source: Readable): Readable {
  const binary = Readable.from(decode(source), { objectMode: false, highWaterMark: 1024 * 1024 });
  binary.on('error', () => {});
  binary.once('close', () => source.destroy());
  return binary;
}

async function* decode(source: Readable): AsyncGenerator<Buffer> {
  const chunks = source.iterator({ destroyOnReturn: false });
  let head = Buffer.alloc(0);
  while (head.length < begin.length) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value as Buffer]);
  }
  if (!head.subarray(0, begin.length).equals(Buffer.from(begin))) {
    if (head.length > 0) yield head;
    for await (const chunk of chunks) yield chunk as Buffer;
    return;
  }
  let text = head.subarray(begin.length).toString('latin1');
  for (;;) {
    const whole = text.replace(/\s+/g, '');
    const stop = whole.indexOf(end.replace(/\s+/g, ''));
    // A dash is no sign of base64: before it everything is content.
    const dash = whole.indexOf('-');
    const content = dash < 0 ? whole : whole.slice(0, dash);
    const ready = stop >= 0 ? content.length : content.length - (content.length % 4);
    if (ready > 0) yield Buffer.from(content.slice(0, ready), 'base64');
    if (stop >= 0) return;
    text = whole.slice(ready);
    const next = await chunks.next();
    if (next.done) throw createBodyError(damagedMessage(new Error('the armor ends early')));
    text += (next.value as Buffer).toString('latin1');
  }
}
