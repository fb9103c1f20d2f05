import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { resolve, sep } from 'node:path';
import type { Pool } from 'pg';
import { keepTurning, type Log } from './database.ts';

type WebOptions = {
  readonly pool: Pool;
  readonly port: number;
  readonly objectsDirectory: string | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** Answers over HTTP and takes in new clients all the time, as a busy port office would. */
export async function runWeb(options: WebOptions): Promise<void> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    if (path === '/health') void answerHealth(options.pool, response);
    else if (path.startsWith('/files/')) void answerFile(options, { path, response });
    else answerJson(response, { status: 404, body: { status: 'not found' } });
  });
  server.listen(options.port, '127.0.0.1', () => options.log(`listening on 127.0.0.1:${options.port}`));
  options.signal.addEventListener('abort', () => {
    server.close();
    server.closeAllConnections();
  });
  await keepTurning({
    everyMs: 250,
    signal: options.signal,
    log: options.log,
    turn: () => takeIn(options.pool),
  });
}

async function takeIn(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(
    `insert into clients (name, email)
     select 'Walk-in client', 'walk-in-' || gen_random_uuid() || '@example.invalid' returning id`,
  );
  await pool.query(
    `insert into audit_logs (actor, action, entity, entity_id) values ('crm-web', 'create', 'client', $1)`,
    [rows[0]?.id ?? null],
  );
}

async function answerHealth(pool: Pool, response: ServerResponse): Promise<void> {
  try {
    const { rows } = await pool.query<{ clients: string }>('select count(*) as clients from clients');
    answerJson(response, { status: 200, body: { status: 'ok', clients: Number(rows[0]?.clients ?? 0) } });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    answerJson(response, { status: 503, body: { status: 'database is away', reason } });
  }
}

async function answerFile(
  options: WebOptions,
  asked: { readonly path: string; readonly response: ServerResponse },
): Promise<void> {
  const file = objectFile(options.objectsDirectory, asked.path.slice('/files/'.length));
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (file === undefined || !found?.isFile()) {
    answerJson(asked.response, { status: 404, body: { status: 'no such file' } });
    return;
  }
  asked.response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': found.size });
  createReadStream(file)
    .on('error', () => asked.response.destroy())
    .pipe(asked.response);
}

/** The file of a key, or undefined when the key would lead out of the folder. */
function objectFile(folder: string | undefined, encodedKey: string): string | undefined {
  if (folder === undefined) return undefined;
  try {
    const file = resolve(folder, decodeURIComponent(encodedKey));
    return file.startsWith(resolve(folder) + sep) ? file : undefined;
  } catch {
    return undefined;
  }
}

function answerJson(
  response: ServerResponse,
  answer: { readonly status: number; readonly body: Readonly<Record<string, unknown>> },
): void {
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer.body));
}
