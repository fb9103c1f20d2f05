import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

export type Found = { readonly binary: string } | { readonly absentBecause: string };

const isCi = process.env.CI === 'true';

/** Ceph RGW, where its Debian packages are; with CI=true its absence is an error. */
export async function findRgw(): Promise<Found> {
  const wanted = ['ceph', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin'];
  const missing: string[] = [];
  for (const name of wanted) if ((await findOnPath(name)) === undefined) missing.push(name);
  if (missing.length === 0) return { binary: 'radosgw' };
  const absentBecause = `${missing.join(', ')} is not on PATH (scripts/install-parts.sh test installs it)`;
  if (isCi) throw new Error(`Ceph RGW must be tested in CI, but ${absentBecause}.`);
  return { absentBecause };
}

/** MinIO, where it is installed; built where a Go toolchain is, when CI=true or THAW_MINIO=1 ask for the minute it takes. */
export async function findMinio(): Promise<Found> {
  const installed = (await findOnPath('minio')) ?? (await findInGoFolders());
  if (installed !== undefined) return { binary: installed };
  if ((await findOnPath('go')) === undefined)
    return { absentBecause: 'neither minio nor a Go toolchain is on PATH' };
  if (!isCi && process.env.THAW_MINIO !== '1') {
    return { absentBecause: 'minio is not installed; THAW_MINIO=1 builds it with the Go toolchain' };
  }
  const words = await run('go', ['install', 'github.com/minio/minio@latest']);
  const built = await findInGoFolders();
  if (built !== undefined) return { binary: built };
  const absentBecause = `building it failed: ${words.stderr.slice(-500)}`;
  if (isCi) throw new Error(`MinIO must be tested in CI where Go is present, but ${absentBecause}`);
  return { absentBecause };
}

async function findInGoFolders(): Promise<string | undefined> {
  const goPath = (await run('go', ['env', 'GOPATH'])).stdout.trim();
  const folders = [process.env.GOBIN, ...goPath.split(delimiter).map((path) => path && join(path, 'bin'))];
  return findIn(folders, 'minio');
}

function findOnPath(name: string): Promise<string | undefined> {
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
