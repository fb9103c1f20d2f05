import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../src/base/secret.ts';
import { openDatabaseServer } from '../../src/databases/postgres/pg-database-server.ts';
import { openDumpTools } from '../../src/databases/postgres/pg-dump-tools.ts';
import type { DatabaseRoute, RoutedProgram } from '../../src/ports/database-route.ts';
import { failureFrom, valueFrom } from './object-store.contract.ts';

export type MadeRoute = {
  readonly route: DatabaseRoute;
  /** Of a superuser, as it is valid at the end of the route; the database is called shop. */
  readonly url: string;
  sql(text: string): Promise<void>;
  dump(format: string): Promise<Buffer>;
  /** Names in the folder for temporary files of the container. */
  temporary(): Promise<readonly string[]>;
  /** Whether a process with these words on its command line runs in the container. */
  runs(words: string): Promise<boolean>;
  dispose(): Promise<void>;
};

/** What every way through a container promises. */
export function databaseRouteContract(contract: {
  readonly name: string;
  readonly make: () => Promise<MadeRoute>;
}): void {
  let made: MadeRoute;
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'thaw-route-'));
    made = await contract.make();
  });
  afterAll(async () => {
    await made?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  const fileOf = (name: string, content: Buffer | string) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const cancelledThere = async (words: string, request: Omit<RoutedProgram, 'program' | 'args'>) => {
    const stop = new AbortController();
    const running = made.route.run({
      ...request,
      program: 'sh',
      args: ['-c', `echo here; exec ${words}`],
      signal: stop.signal,
      onLine: (line) => line === 'here' && stop.abort(),
    });
    expect(failureFrom(await running).code).toBe('cancelled');
    await expect.poll(() => made.runs(words), { timeout: 30_000 }).toBe(false);
  };

  describe(`a program, ${contract.name}`, () => {
    it('gets its variables, and gives its output and its status, with nothing of the client among them', async () => {
      const lines: string[] = [];
      const ran = await made.route.run({
        stallMs: 60_000,
        program: 'sh',
        args: ['-c', 'echo "$SECRET"; cat; printf bad >&2; exit 3'],
        env: { SECRET: "p@ss 'word' $HOME" },
        onLine: (line, stream) => lines.push(`${stream} ${line}`),
      });
      expect(valueFrom(ran)).toEqual({ exitCode: 3, stdout: "p@ss 'word' $HOME\n", stderr: 'bad' });
      expect(lines.sort()).toEqual(['stderr bad', "stdout p@ss 'word' $HOME"]);
    });

    it('reads what is streamed to it, to its end', async () => {
      const inputFrom = Readable.from([Buffer.alloc(2_000_000, 'x'), Buffer.from('end')]);
      const ran = valueFrom(
        await made.route.run({ stallMs: 60_000, program: 'wc', args: ['-c'], inputFrom }),
      );
      expect(ran.stdout.trim()).toBe('2000003');
    });

    it('gives its output as bytes, all of them', async () => {
      const outputTo = new PassThrough();
      const bytes = buffer(outputTo);
      const args = ['-c', '5000000', '/dev/zero'];
      const ran = valueFrom(await made.route.run({ stallMs: 60_000, program: 'head', args, outputTo }));
      outputTo.end();
      expect(ran).toEqual({ exitCode: 0, stdout: '', stderr: '' });
      expect((await bytes).equals(Buffer.alloc(5_000_000))).toBe(true);
    });

    it('gets a file it can seek in, of which nothing stays behind', async () => {
      const file = fileOf('some.bin', Buffer.alloc(3_000_000, 'abc'));
      const ran = valueFrom(await made.route.run({ stallMs: 60_000, program: 'wc', args: ['-c'], file }));
      expect(ran.stdout).toMatch(/^3000000 /);
      expect((await made.temporary()).filter((name) => name.startsWith('thaw.'))).toEqual([]);
    });

    it('ends there when nobody waits for it any more, with a file and without', async () => {
      await cancelledThere('sleep 86321', { stallMs: 60_000, file: fileOf('small', 'x') });
      await cancelledThere('sleep 86322', { stallMs: 60_000 });
    });

    it('that is not there is a missing tool', async () => {
      const failure = failureFrom(await made.route.run({ stallMs: 60_000, program: 'pg_nothing', args: [] }));
      expect(failure).toMatchObject({ code: 'tool-missing' });
      expect(failure.message).toContain('pg_nothing');
    });
  });

  describe(`dumps, ${contract.name}`, () => {
    const fill = () =>
      made.sql(
        `DROP TABLE IF EXISTS orders, items;
         CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 5000) i;
         CREATE TABLE items AS SELECT i AS id FROM generate_series(1, 300) i`,
      );

    it.each(['custom', 'tar', 'plain'])(
      'are restored from %s format with the programs there',
      async (format) => {
        await fill();
        const file = fileOf(`shop.${format}`, await made.dump(format));
        await restoreThere(file, `back_${format}`);
      },
    );

    it('are restored from a directory with several jobs, of which nothing stays behind', async () => {
      await fill();
      // A program in the container writes it, and tar brings it here.
      const packed = new PassThrough();
      const bytes = buffer(packed);
      const env = { DATABASE: made.url };
      const script =
        'd=$(mktemp -d) && pg_dump -Fd -j 2 -f "$d/dump" -d "$DATABASE" && tar -cf - -C "$d" dump; rm -rf "$d"';
      valueFrom(
        await made.route.run({ stallMs: 60_000, program: 'sh', args: ['-c', script], env, outputTo: packed }),
      );
      packed.end();
      execFileSync('tar', ['-xf', fileOf('dump.tar', await bytes), '-C', folder]);
      await restoreThere(join(folder, 'dump'), 'back_directory');
      const server = openDatabaseServer({ url: createSecret(made.url), route: made.route });
      valueFrom(await server.dropDatabase({ name: 'back_directory' }));
      await server.close();
      expect((await made.temporary()).filter((name) => name.startsWith('thaw.'))).toEqual([]);
    });

    it('leave no folder behind when nobody waits for the program any more', async () => {
      mkdirSync(join(folder, 'cancelled'));
      writeFileSync(join(folder, 'cancelled', 'toc.dat'), 'x');
      await cancelledThere('sleep 86323', { stallMs: 60_000, file: join(folder, 'cancelled') });
      await expect
        .poll(async () => (await made.temporary()).filter((name) => name.startsWith('thaw.')), {
          timeout: 30_000,
        })
        .toEqual([]);
    });
  });

  async function restoreThere(file: string, database: string): Promise<void> {
    const { route } = made;
    const url = createSecret(made.url);
    await made.sql('DROP TABLE orders, items');
    const tools = openDumpTools({ url, processes: createProcessRunner(), route });
    const server = openDatabaseServer({ url, route });
    const contents = valueFrom(await tools.contents(file));
    expect(contents.entries.filter(({ type }) => type === 'TABLE DATA')).toHaveLength(2);
    valueFrom(await server.createDatabase({ name: database, comment: 'test' }));
    const quiet = { onLine: () => {}, onEntry: () => {} };
    const restored = await tools.restore({ file, database, jobs: 2, stallMs: 60_000, ...quiet });
    expect(valueFrom(restored)).toMatchObject({ exitCode: 0, messages: [] });
    const { tables } = valueFrom(await server.inventory(database));
    expect(tables).toMatchObject([
      { name: 'items', rows: 300 },
      { name: 'orders', rows: 5000 },
    ]);
    const shown = tools.describeRestore({ file, database: 'side', jobs: 2, format: contents.format });
    expect(shown).toMatch(/exec .*(pg_restore|psql) /);
    await server.close();
  }
}
