import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchOtherNodes } from '../parts/other-nodes.ts';
import { openPseudoTerminal } from '../terminal/pseudo-terminal.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What is published, on a host with Node and npm alone; nothing is fetched from a registry. */
describe('The package of npm', () => {
  const work = join(tmpdir(), `thaw-npm-${process.pid}`);
  let nodes: readonly string[];
  let packed: string;
  let version: string;
  beforeAll(async () => {
    const out = join(work, 'out');
    await mkdir(out, { recursive: true });
    const [others] = await Promise.all([
      fetchOtherNodes(),
      run('bash', [join(repository, 'scripts/pack-npm.sh'), work, out]),
    ]);
    nodes = [...others, dirname(process.execPath)];
    ({ version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')));
    packed = join(out, `thaw-${version}.tgz`);
  });
  afterAll(() => rm(work, { recursive: true, force: true }));

  /** An empty folder with the package beside it, where that Node is the first one. */
  async function emptyHost(nodeFolder: string) {
    const folder = await mkdtemp(join(work, 'empty-'));
    await copyFile(packed, join(folder, 'thaw.tgz'));
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    const PATH = [nodeFolder, process.env.PATH].join(delimiter);
    const env = { PATH, HOME: folder, npm_config_cache: join(folder, '.npm'), npm_config_offline: 'true' };
    const line = async (program: string, ...args: readonly string[]) =>
      (await run(program, args, { cwd: folder, env })).stdout.trim();
    return { folder, env, line };
  }

  async function installAndStart(nodeFolder: string): Promise<string> {
    const { folder, env, line } = await emptyHost(nodeFolder);
    await line('npm', 'install', '--engine-strict', '--no-audit', '--no-fund', './thaw.tgz');
    const thaw = 'node_modules/.bin/thaw';
    expect(await line(thaw, '--version')).toBe(`thaw ${version}`);
    expect(await line(thaw, 'lint', 'rehearsal')).toMatch(/no finding/);
    const terminal = openPseudoTerminal({ file: join(folder, thaw), args: [], env, cwd: folder });
    await terminal.waitFor('What do you want to do?', 30_000);
    terminal.write('q');
    expect(await terminal.exit).toMatchObject({ status: 0 });
    return line('node', '--version');
  }

  it('installs and starts on the oldest Node it allows, on our own, and on the newest', async () => {
    const started = await Promise.all(nodes.map(installAndStart));
    expect(started.map((node) => node.split('.')[0])).toEqual(['v22', 'v26', 'v24']);
  });

  it('starts by npx, without being installed', async () => {
    const { line } = await emptyHost(nodes[0] ?? '');
    expect(await line('npx', '--yes', './thaw.tgz', '--version')).toBe(`thaw ${version}`);
  });
});
