import { z } from 'zod';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { parseJson } from '../../base/parse-json.ts';

const mountSchema = z.object({ type: z.string().catch(''), source: z.string().catch('') });

const configSchema = z.object({
  services: z.record(
    z.string(),
    z
      .object({ volumes: z.array(mountSchema.catch({ type: '', source: '' })).catch([]) })
      .catch({ volumes: [] }),
  ),
  volumes: z.record(z.string(), z.object({ name: z.string().optional() }).catch({})).catch({}),
});

/** Each volume that a service mounts, by the name Docker knows it by: with the project before it, unless it has one of its own. */
export function readDeclaredVolumes(
  text: string,
): Outcome<readonly { readonly name: string; readonly service: string }[]> {
  const read = configSchema.safeParse(parseJson(text));
  if (!read.success) {
    return fail({
      code: 'command-failed',
      message: `docker compose config prints ${text.length} characters that are not the JSON it promises.`,
      remedy: 'Run docker compose config --format json by hand and compare the version of Compose.',
      retry: 'after-fix',
    });
  }
  const { services, volumes } = read.data;
  return succeed(
    Object.entries(services).flatMap(([service, { volumes: mounts }]) =>
      mounts
        .filter(({ type, source }) => type === 'volume' && source !== '')
        .map(({ source }) => ({ name: volumes[source]?.name ?? source, service })),
    ),
  );
}

const containerMounts = z.array(
  z.object({ Type: z.string().catch(''), Name: z.string().catch('') }).catch({ Type: '', Name: '' }),
);

/** Names of the volumes in the JSON of a container's mounts; none where it is no such JSON. */
export function readMounts(text: string): readonly string[] {
  const read = containerMounts.safeParse(parseJson(text));
  return read.success
    ? read.data.filter(({ Type, Name }) => Type === 'volume' && Name !== '').map(({ Name }) => Name)
    : [];
}
