import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { errorCode } from '../../src/base/thrown.ts';
import { networkMeaning, networkTrouble } from '../../src/platform/network-verdicts.ts';

const peer = { host: '127.0.0.1:9', role: 'store' };

/** What fetch throws, which wraps what its socket says. */
async function thrownBy(url: string): Promise<unknown> {
  return fetch(url).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('What the network says', () => {
  it('is told in words of the other side, whoever that is', () => {
    expect(networkMeaning('ECONNREFUSED', peer)).toEqual([
      'unreachable',
      'nothing answers at 127.0.0.1:9',
      'Start the store, or correct its address and its port.',
      'after-fix',
    ]);
    expect(networkMeaning('ECONNREFUSED', { host: 'mail:25', role: 'mail server' })?.[2]).toContain(
      'mail server',
    );
  });

  it('is a certificate, TLS, or no network at all by its code', () => {
    expect(networkTrouble('DEPTH_ZERO_SELF_SIGNED_CERT')).toBe('untrusted');
    expect(networkTrouble('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')).toBe('untrusted');
    expect(networkTrouble('ERR_SSL_WRONG_VERSION_NUMBER')).toBe('no-tls');
    for (const code of ['ENOSPC', 'EACCES', 'ENODATA', '28P01', 'toString', undefined])
      expect(networkTrouble(code)).toBeUndefined();
  });

  it('is found under what fetch wraps around it', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const broken = errorCode(await thrownBy(`http://127.0.0.1:${port}/`));
    await new Promise((resolve) => server.close(resolve));
    const refused = errorCode(await thrownBy(`http://127.0.0.1:${port}/`));
    expect(networkTrouble(refused)).toBe('refused');
    expect(networkTrouble(broken)).toBe('broken-off');
  });
});
