import type { Duplex } from 'node:stream';
import { deserialize } from 'node:v8';
import { createLink, type Link } from '../adapters/attach/link.ts';
import { readBegin } from '../adapters/attach/messages.ts';

type Errand = Omit<NonNullable<ReturnType<typeof readBegin>>, 'kind' | 'given'> & {
  readonly given: unknown;
  readonly link: Link;
};

/** In the process of the run: what it was begun for. undefined where whoever began it is gone already. */
export async function hearErrand(stream: Duplex): Promise<Errand | undefined> {
  const link = createLink(stream);
  const heard = Promise.withResolvers<Errand>();
  link.listen((message) => {
    const data = readBegin(message);
    if (data === undefined) return;
    const { kind: _begin, ...errand } = data;
    heard.resolve({ ...errand, given: deserialize(Buffer.from(data.given, 'base64')), link });
  });
  return Promise.race([heard.promise, link.closed.then(() => undefined)]);
}
