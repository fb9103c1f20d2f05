import { type Kit, type KitFile, kitNamespace, kitPrefix } from '../backups/kit.ts';
import { layersOf, openedByHand } from '../backups/wrapping.ts';
import type { HandReach } from '../ports/object-store.ts';
import type { Layer } from '../ports/unpacker.ts';
import type { Runbook } from '../runbook/schema.ts';
import { list, quoted, shell } from './recovery-steps.ts';

/** The parts of the recovery page that are about the kit itself: its files, and how they are fetched by hand. */

/** What the page is made of. No secret: where one belongs stands the name of its input. */
export type PageFacts = {
  readonly about: Pick<
    Kit,
    'name' | 'title' | 'folder' | 'project' | 'environmentFile' | 'left' | 'images' | 'asks'
  >;
  readonly files: readonly KitFile[];
  readonly madeAt: string;
  readonly signer: string;
  /** Its placeholders filled, but for those of secrets. */
  readonly runbook: Runbook;
  readonly backups: HandReach;
  readonly live: HandReach | undefined;
  /** Where the production database was; a new server may be elsewhere. */
  readonly database: {
    readonly host: string;
    readonly port: string;
    readonly user: string;
    readonly name: string;
  };
  /** The newest snapshot when the page was made, and how dumps are wrapped. */
  readonly newest:
    | { readonly key: string; readonly globalsKey?: string; readonly layers: readonly Layer[] }
    | undefined;
  /** Of the compose project, in the kit. */
  readonly composeFile: string | undefined;
};

export function left({ about }: PageFacts): string {
  const images = about.images.map(
    ({ name, digest }) =>
      `\`${name}\`${digest === undefined ? ', without a digest: it was never pulled from a registry' : `: \`${digest}\``}`,
  );
  return (
    [
      ...(about.left.length === 0
        ? []
        : [
            'Not in the kit, although the services refer to it:',
            list(about.left.map(({ path, why }) => `\`${path}\`: ${why}`)),
          ]),
      ...(images.length === 0 ? [] : ['The images that ran:', list(images)]),
    ].join('\n\n') || 'Everything that the services refer to is in the kit.'
  );
}

export function kitAt({ backups, about }: PageFacts): string {
  return `${backups.root}${kitPrefix(about.name)}`;
}

export function fetchKit(facts: PageFacts): string {
  const { about, files } = facts;
  const needed = files.filter(({ role }) => role === 'services' || role === 'runbook' || role === 'values');
  const folders = [...new Set(needed.map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1)))].filter(
    Boolean,
  );
  return [
    'Fetch the files of the kit, and see that they are those of this page',
    shell(
      `mkdir ${quoted(about.folder)} && cd ${quoted(about.folder)}`,
      ...folders.map((folder) => `mkdir -p ${quoted(folder)}`),
      ...needed.map(
        ({ object, path }) => `rclone copyto ${quoted(`${kitAt(facts)}${object}`)} ${quoted(path)}`,
      ),
      "sha256sum --check <<'END'",
      ...needed.map(({ sha256, path }) => `${sha256}  ${path}`),
      'END',
      ...(about.environmentFile === undefined
        ? []
        : [`install -D --mode=600 "$ENV_FILE" ${quoted(about.environmentFile)}`]),
    ),
    ...sealedEnvironment(facts),
    `Whether the kit of the store is signed by the key above, \`ssh-keygen -Y check-novalidate -n ${kitNamespace} -s FILE.kit.json.sig <FILE.kit.json\` says of the newest list there.`,
  ].join('\n\n');
}

/** For whoever has no vault at hand. */
function sealedEnvironment(facts: PageFacts): readonly string[] {
  const sealed = facts.files.find(({ role }) => role === 'environment');
  const name = facts.about.environmentFile;
  if (sealed === undefined || name === undefined) return [];
  const fetched = `rclone cat ${quoted(`${kitAt(facts)}${sealed.object}`)}`;
  const opened = layersOf(sealed.path).map((layer) => openedByHand(layer).command);
  return [
    `Where the vault is out of reach: the kit holds the env file, too, encrypted. This makes it, once that key is at hand: \`(umask 077; ${[fetched, ...opened].join(' | ')} >env.opened)\`; \`ENV_FILE\` is then that file.`,
  ];
}

/** Commands that bring the images to this host, where the kit has them. */
export function loadImages(facts: PageFacts): readonly string[] {
  const archive = facts.files.find(({ role }) => role === 'images');
  if (archive === undefined) return [];
  const { object, path, sha256 } = archive;
  return [
    `rclone copyto ${quoted(`${kitAt(facts)}${object}`)} ${quoted(path)}`,
    `echo ${quoted(`${sha256}  ${path}`)} | sha256sum --check`,
    `docker load --input ${quoted(path)}`,
  ];
}

export function filesOf(facts: PageFacts): string {
  const rows = facts.files.map(
    ({ path, object, sha256 }) => `| \`${path}\` | \`${object}\` | \`${sha256}\` |`,
  );
  return [
    '## The files of the kit',
    `Below \`${kitPrefix(facts.about.name)}\` in the store. What ends in .gz is compressed there; the digest is that of the file within.`,
    ['| file | object | SHA-256 |', '| --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n');
}
