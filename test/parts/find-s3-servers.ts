import { type Found, findGoProgram, findOnPath } from './find-program.ts';

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

/** MinIO, where it is installed or can be built. */
export function findMinio(): Promise<Found> {
  return findGoProgram({
    name: 'minio',
    module: 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c',
    wish: 'THAW_MINIO',
  });
}
