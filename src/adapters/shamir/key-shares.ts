import { sha256 } from '../../base/digest.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';

/** A share as one line that can be printed and typed: thaw-share:1:3:2:BASE64URL:CHECK */
const form = /^thaw-share:(\d{1,3}):(\d{1,3}):(\d{1,3}):([A-Za-z0-9_-]+):([0-9a-f]{8})$/;

/**
 * Shamir's secret sharing: any `needed` of `count` shares give the secret, and fewer give nothing at all. The mathematics is
 * the library's (audited, without dependencies); here is only how a share is written down.
 */
export async function splitIntoShares(request: {
  readonly secret: string;
  readonly count: number;
  readonly needed: number;
}): Promise<Outcome<readonly string[]>> {
  const { secret, count, needed } = request;
  if (needed < 2 || needed > count || count > 255) {
    return fail({
      code: 'invalid-input',
      message: `A key cannot be split into ${count} shares of which ${needed} are needed.`,
      remedy: 'Write 2/3, for example: any two of three. At least two are needed.',
      retry: 'after-fix',
    });
  }
  const { split } = await import('shamir-secret-sharing');
  const shares = await split(new TextEncoder().encode(secret), count, needed);
  return succeed(
    shares.map((share, index) => {
      const text = `${index + 1}:${count}:${needed}:${Buffer.from(share).toString('base64url')}`;
      return `thaw-share:${text}:${checkOf(text)}`;
    }),
  );
}

/** Shares in any order. Wrong ones would give a wrong secret without a word, so each carries a checksum of its own. */
export async function joinShares(lines: readonly string[]): Promise<Outcome<string>> {
  const shares = new Map<number, Uint8Array>();
  let needed = 2;
  for (const [index, line] of lines.entries()) {
    const match = form.exec(line.replace(/\s+/g, ''));
    if (match === null) return fail(misread(index, 'it is not of the form thaw-share:…'));
    const [, number, , least, content = '', check] = match;
    const text = match[0].slice('thaw-share:'.length, -9);
    if (checkOf(text) !== check) return fail(misread(index, 'its checksum does not fit'));
    shares.set(Number(number), new Uint8Array(Buffer.from(content, 'base64url')));
    needed = Math.max(needed, Number(least));
  }
  if (shares.size < needed) {
    return fail({
      code: 'invalid-input',
      message: `${shares.size} different shares are given, and ${needed} are needed.`,
      remedy: 'Ask the other holders for theirs.',
      retry: 'after-fix',
    });
  }
  const lengths = new Set([...shares.values()].map(({ length }) => length));
  if (lengths.size > 1) return fail(misread(lines.length - 1, 'it belongs to another key'));
  const { combine } = await import('shamir-secret-sharing');
  return succeed(new TextDecoder().decode(await combine([...shares.values()])));
}

function checkOf(text: string): string {
  return sha256(`thaw share ${text}`).slice(0, 8);
}

/** Never repeats the share: two of them may be the key. */
function misread(index: number, why: string) {
  return {
    code: 'invalid-input',
    message: `Share ${index + 1} cannot be read: ${why}.`,
    remedy: 'Compare it with the paper it is printed on, sign by sign.',
    retry: 'after-fix',
  } as const;
}
