import { PassThrough, Writable } from 'node:stream';
import { Text, useInput } from 'ink';
import { expect, test } from 'vitest';
import type { Terminal } from '../../src/ui/lend-terminal.ts';
import { mountApp } from '../../src/ui/mount-app.tsx';

/** A terminal that only notes, in order, what is asked of it. */
function watchedTerminal() {
  const events: string[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => events.push(raw ? 'raw' : 'cooked'),
    ref: () => undefined,
    unref: () => undefined,
  });
  const stdout = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        if (String(chunk).includes('a picture')) events.push('picture');
        done();
      },
    }),
    { isTTY: true, columns: 80, rows: 24 },
  );
  return { events, streams: { stdin, stdout } as unknown as Terminal };
}

function Picture({ reads }: { readonly reads: boolean }) {
  useInput(() => undefined, { isActive: reads });
  return <Text>a picture</Text>;
}

test.each([
  ['that reads keys', true],
  ['that reads none', false],
])(
  'the keyboard is silent before the first frame of a picture %s, and loud after the last',
  async (_, reads) => {
    const { events, streams } = watchedTerminal();
    const shown = Promise.withResolvers<void>();
    const mounted = mountApp({
      render: (done) => {
        shown.promise.then(done);
        return <Picture reads={reads} />;
      },
      streams,
      options: { inline: false, color: false, ascii: false },
    });
    shown.resolve();
    await mounted;
    expect(events[0]).toBe('raw');
    expect(events).toContain('picture');
    expect(events.at(-1)).toBe('cooked');
  },
);
