import { z } from 'zod';
import { parseDuration } from '../base/units.ts';

/** Building blocks of the runbook's schema. Every text may hold ${NAME} placeholders unless it is an id. */

export const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, 'Use lower-case letters, digits and dashes, beginning with a letter.');

export const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'Write a duration as 90s, 30m, 1h or 1h 30m.');

export const text = z.string().min(1);

/** May come out empty after the placeholders are filled: then it counts as left out. */
export const optionalText = z.string().optional();

const s3Endpoint = z
  .union([
    text.describe('URL with scheme, for example https://s3.eu-west-1.amazonaws.com'),
    z
      .strictObject({
        host: text.describe('Name or address'),
        port: text.describe('Port'),
        tls: text.describe('true or false'),
      })
      .describe('The same in parts, for systems that keep host, port and TLS in three variables'),
  ])
  .describe('Where the S3 interface answers, not a console or a proxy');

export const storeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('s3'),
    endpoint: s3Endpoint,
    region: text.default('us-east-1').describe('Where the server knows regions'),
    bucket: text.describe('Name of the bucket'),
    accessKey: text.describe('Access key id'),
    secretKey: text.describe('Secret access key'),
  }),
  z.strictObject({
    kind: z.literal('directory'),
    path: text.describe('The folder; below it one file an object'),
  }),
  z.strictObject({
    kind: z.literal('rclone'),
    remote: text.describe('remote:path, as rclone writes it, crypt remotes included'),
    configFile: optionalText.describe("rclone.conf; rclone's own place when left out"),
    configPassword: optionalText.describe('Of an encrypted rclone.conf'),
  }),
]);

/** Where files or objects are that belong to a dump: the two ways to say it. */
export const filesSource = {
  archive: z
    .strictObject({
      kind: z.literal('archive'),
      layout: text.describe(
        'Key pattern of a tar archive, wrapped as its endings say: docs/{timestamp}.tar.gz',
      ),
      store: storeSchema.optional().describe('The backup store when left out'),
    })
    .describe('One archive'),
  tree: z
    .strictObject({
      kind: z.literal('tree'),
      prefix: z
        .string()
        .describe(
          'Folder or prefix, of the time of the dump where it belongs to one: media-{date}/; everything when empty',
        ),
      store: storeSchema.optional().describe('The backup store when left out'),
    })
    .describe('Everything below a prefix'),
};

export type FilesSource = z.infer<typeof filesSource.archive> | z.infer<typeof filesSource.tree>;

const compose = {
  kind: z.literal('compose'),
  file: text.describe('Path of the compose file'),
  project: optionalText.describe("Compose's project name; its own default when left out"),
  envFile: optionalText.describe("Compose's own --env-file"),
};

const kubernetes = {
  kind: z.literal('kubernetes'),
  namespace: text.describe('Of the workloads'),
  context: optionalText.describe('Of the kubeconfig; its current one when left out'),
  kubeconfig: optionalText.describe('KUBECONFIG, or the one of this user, when left out'),
};

export const servicesSchema = z.discriminatedUnion('kind', [
  z.strictObject(compose),
  z.strictObject({
    kind: z.literal('process'),
    controlFile: text.describe('JSON that says how each process is started, and where its pid and log are'),
  }),
  z.strictObject(kubernetes),
]);

export const databaseSchema = z.strictObject({
  url: text.describe('postgresql://user:password@host:port/name'),
  expectName: optionalText.describe('The name it must have: the URL of another environment is refused'),
  via: z
    .discriminatedUnion('kind', [
      z.strictObject({
        ...compose,
        service: text.describe('The service in whose container PostgreSQL and its programs are'),
      }),
      z.strictObject({
        ...kubernetes,
        pod: z
          .string()
          .describe(
            'The pod that reaches the server and has its programs: NAME, or statefulset/NAME or deployment/NAME where it has one; empty: straight from this host',
          ),
        container: optionalText.describe('Where the pod has several'),
      }),
    ])
    .optional()
    .describe('For a database without a port on this host: then the host in the URL is the one valid there'),
});

export type StoreField = z.infer<typeof storeSchema>;
export type ServicesField = z.infer<typeof servicesSchema>;
export type DatabaseField = z.infer<typeof databaseSchema>;
