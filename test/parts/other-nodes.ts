import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

type Release = { readonly version: string; readonly sha512: string };

/** npm's packages of Node, by processor: the oldest that package.json allows and there is, and the newest there was. What runs is what was looked at. */
const releases: Readonly<Record<string, readonly Release[]>> = {
  x64: [
    {
      version: '22.21.1',
      sha512: 'Iv42s19f0khP00BMvTqLbcqnDdqtoge5umA+jLF1UifntVKhzagRsemzWoYzaueQ8BTkyXDj7NSsOkjgcV+fEg==',
    },
    {
      version: '26.12.1',
      sha512: 'jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
    },
  ],
  arm64: [
    {
      version: '22.23.2',
      sha512: 'q/iQECqcUb0U0gzWPRylQbhZhvy36iRBRcxwv9jl3GalPHcQrwIce2nymh9V7LwlocRRpCspu0P3O7vJpHCQOQ==',
    },
    {
      version: '26.12.1',
      sha512: '8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==',
    },
  ],
};

/** Folders with nothing but a `node`, of the oldest and the newest Node that thaw runs on; fetched once, and kept for the next run. */
export function fetchOtherNodes(): Promise<readonly string[]> {
  return Promise.all((releases[process.arch] ?? []).map(fetchNode));
}

async function fetchNode({ version, sha512 }: Release): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'thaw-nodes');
  const kept = join(cache, `${version}-${process.arch}`);
  if (existsSync(join(kept, 'node'))) return kept;
  await mkdir(cache, { recursive: true });
  const making = await mkdtemp(join(cache, 'new-'));
  try {
    const name = `node-linux-${process.arch}`;
    await run('npm', ['pack', '--silent', `${name}@${version}`], { cwd: making });
    const packed = join(making, `${name}-${version}.tgz`);
    if (hash('sha512', await readFile(packed), 'base64') !== sha512)
      throw new Error(`${name}@${version} is not the package that was looked at.`);
    const program = join(making, 'program');
    await mkdir(program);
    await run('tar', ['-xzf', packed, '-C', program, '--strip-components=2', 'package/bin/node']);
    await rename(program, kept).catch((error) => {
      // Somebody else was faster.
      if (!existsSync(join(kept, 'node'))) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return kept;
}
