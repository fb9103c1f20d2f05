import { beforeEach, expect, it } from 'vitest';
import type { HostDriver } from '../../src/ports/host.ts';
import { valueFrom } from './object-store.contract.ts';

/** What `HostDriver.placePrivateFile` promises, wherever the files are. */
export function privateFileContract(
  make: () => Promise<{ readonly host: HostDriver; readonly folder: string }>,
) {
  let host: HostDriver;
  let path = '';
  const old = Buffer.from('A=old\n');
  const fresh = Buffer.from('A=new\nB=\u0000\u00ff\n');
  const kept = () => `${path}.before-1`;
  const place = async (content: Buffer) =>
    valueFrom(await host.placePrivateFile({ path, content, keepAs: kept() }));
  const read = async (name: string) => valueFrom(await host.readHead(name, 100)).toString();
  const size = async (name: string) => valueFrom(await host.fileSize(name));

  beforeEach(async () => {
    const made = await make();
    host = made.host;
    path = `${made.folder}/deep/.env`;
  });

  it('puts a new file there for its owner alone, with the folder above it', async () => {
    expect(valueFrom(await host.fileMode(path))).toBeUndefined();
    expect(await place(fresh)).toEqual({ was: 'absent' });
    expect(await read(path)).toBe(fresh.toString());
    expect(valueFrom(await host.fileMode(path))).toBe(0o600);
    expect(await size(kept())).toBeUndefined();
  });

  it('leaves the same bytes alone and keeps other ones', async () => {
    await place(old);
    expect(await place(old)).toEqual({ was: 'equal' });
    expect(await place(fresh)).toEqual({ was: 'other', keptAs: kept() });
    expect(await read(path)).toBe(fresh.toString());
    expect(await read(kept())).toBe(old.toString());
    expect(valueFrom(await host.fileMode(kept()))).toBe(0o600);
    expect(await place(fresh)).toEqual({ was: 'equal' });
    expect(await read(kept())).toBe(old.toString());
  });

  it('takes what an attempt that was cut short has kept for its own', async () => {
    await place(old);
    valueFrom(await host.writeTextFile({ path: kept(), text: old.toString() }));
    expect(await place(fresh)).toEqual({ was: 'other', keptAs: kept() });
    expect(await size(`${kept()}-2`)).toBeUndefined();
  });

  it('never writes over what was kept before', async () => {
    await place(old);
    await place(fresh);
    const third = Buffer.from('A=third\n');
    await place(third);
    expect(await read(kept())).toBe(old.toString());
    expect(await read(`${kept()}-2`)).toBe(fresh.toString());
    expect(await read(path)).toBe(third.toString());
  });
}
