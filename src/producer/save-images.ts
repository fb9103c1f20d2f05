import { createGzip } from 'node:zlib';
import { type KitFile, kitPrefix, objectName } from '../backups/kit.ts';
import { sha256 } from '../base/digest.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes } from '../base/units.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { ImageArchive, NeededImage } from '../ports/services.ts';
import { createMeter, join } from './dump-to-store.ts';

/** A line of 100 Mbit/s, the slower of the usual ones. */
const bytesPerSecond = 12_500_000;

/** The archive lies compressed, as `docker load` takes it, too. */
const path = 'images.tar.gz';

/** The name that the archive of these very images has in a kit; undefined where none of them is on this host. */
export function imagesObject(images: readonly NeededImage[]): string | undefined {
  const here = images.flatMap(({ name, here: one }) => (one === undefined ? [] : [`${name} ${one.id}`]));
  return here.length === 0 ? undefined : objectName({ sha256: sha256(here.sort().join('\n')), path });
}

/**
 * All images of the application as one archive in the store: from Docker to the store piece by piece, with nothing on this disk. Where the
 * kit before has the archive of these very images, that one stays.
 */
export async function saveImages(request: {
  readonly store: ObjectStore;
  /** Of the kit. */
  readonly name: string;
  readonly images: readonly NeededImage[];
  readonly archive: ImageArchive;
  /** Of the kit before. */
  readonly earlier: KitFile | undefined;
  readonly onLine: (line: string) => void;
  readonly onBytes: (done: number) => void;
}): Promise<Outcome<KitFile>> {
  const { store, name, images, archive, earlier, onLine, onBytes } = request;
  const object = imagesObject(images);
  if (object === undefined) return fail(noImages(images));
  const key = `${kitPrefix(name)}${object}`;
  if (earlier?.object === object) {
    const there = await store.describe(key);
    if (!there.ok) return there;
    if (there.value?.sizeBytes === earlier.sizeBytes) {
      onLine(`the images did not change: ${path}, ${formatBytes(earlier.sizeBytes)}, is not sent again`);
      return succeed(earlier);
    }
  }
  const here = images.flatMap(({ name: one, here: image }) =>
    image === undefined ? [] : [{ name: one, ...image }],
  );
  const expectedBytes = here.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const image of images.filter((one) => one.here === undefined))
    onLine(`not in the kit: image ${image.name}: it is not on this host`);
  onLine(
    `${here.length === 1 ? '1 image goes' : `${here.length} images go`} along: ${formatBytes(expectedBytes)} before compression, ${sayTime(expectedBytes)}`,
  );
  const meter = createMeter(() => onBytes(meter.sizeBytes()));
  const packing = createGzip({ level: 1 });
  join(archive.save(here.map((image) => image.name)), packing);
  join(packing, meter.stream);
  const attributes = { contentType: 'application/gzip', metadata: {} };
  const written = await store.writeStream({ key, body: meter.stream, expectedBytes, attributes });
  if (!written.ok) return written;
  const file = { path, role: 'images' as const, object, ...meter.result() };
  onLine(`stored ${path}, ${formatBytes(file.sizeBytes)}: ${here.map((image) => image.name).join(', ')}`);
  return succeed(file);
}

function sayTime(bytes: number): string {
  const minutes = Math.ceil(bytes / bytesPerSecond / 60);
  return `at most ${minutes === 1 ? 'a minute' : `${minutes} minutes`} on a line of 100 Mbit/s`;
}

function noImages(images: readonly NeededImage[]) {
  const names = images.map(({ name }) => name).join(', ');
  return {
    code: 'not-found',
    message: `None of the images of the services is on this host${names === '' ? '' : `: ${names}`}.`,
    remedy: 'Run it where the services run, as a user who may ask Docker; or leave --images out.',
    retry: 'after-fix',
  } as const;
}
