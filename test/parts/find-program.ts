import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

export type Found = { readonly binary: string } | { readonly absentBecause: string };

const isCi = process.env.CI === 'true';

/** A program without a Debian package: as installed, or built where a Go toolchain is and CI=true or its wish asks for it. */
export async function findGoProgram(wanted: {
  readonly name: string;
  readonly module: string;
  /** The variable that asks for the minute it takes: THAW_MINIO. */
  readonly wish: string;
}): Promise<Found> {
  const { name, module, wish } = wanted;
  const installed = (await findOnPath(name)) ?? (await findInGoFolders(name));
  if (installed !== undefined) return { binary: installed };
  if ((await findOnPath('go')) === undefined)
    return { absentBecause: `neither ${name} nor a Go toolchain is on PATH` };
  if (!isCi && process.env[wish] !== '1') {
    return { absentBecause: `${name} is not installed; ${wish}=1 builds it with the Go toolchain` };
  }
  const words = await run('go', ['install', module]);
  const built = await findInGoFolders(name);
  if (built !== undefined) return { binary: built };
  const absentBecause = `building it failed: ${words.stderr.slice(-500)}`;
  if (isCi) throw new Error(`${name} must be tested in CI where Go is present, but ${absentBecause}`);
  return { absentBecause };
}

/** SOPS: in no Debian release; .ci/run builds the same version. */
export function findSops(): Promise<Found> {
  return findGoProgram({
    name: 'sops',
    module: 'github.com/getsops/sops/v3/cmd/sops@v3.13.3',
    wish: 'THAW_SOPS',
  });
}

async function findInGoFolders(name: string): Promise<string | undefined> {
  const goPath = (await run('go', ['env', 'GOPATH'])).stdout.trim();
  const folders = [process.env.GOBIN, ...goPath.split(delimiter).map((path) => path && join(path, 'bin'))];
  return findIn(folders, name);
}

export function findOnPath(name: string): Promise<string | undefined> {
  return findIn((process.env.PATH ?? '').split(delimiter), name);
}

async function findIn(folders: readonly (string | undefined)[], name: string): Promise<string | undefined> {
  for (const folder of folders) {
    if (!folder) continue;
    const file = join(folder, name);
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return file;
  }
  return undefined;
}

function run(program: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(program, args, (_error, stdout, stderr) => resolve({ stdout, stderr }));
  });
}
