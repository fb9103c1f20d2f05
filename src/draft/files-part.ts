import { isAbsolute, join } from 'node:path';
import { asLayoutText, type Family } from './infer-layout.ts';
import type { DraftStep } from './part.ts';
import { findFileMounts, type SeenDatabase, type Survey } from './survey.ts';

type Mounted = ReturnType<typeof findFileMounts>[number];

/** Files of the application, and the archives in the store that may hold them. */
export function filesPart(
  survey: Survey,
  databases: readonly SeenDatabase[],
): { readonly steps: readonly DraftStep[]; readonly toDo: readonly string[] } {
  const archives = (survey.store?.listed?.families ?? []).filter(({ pattern }) =>
    /\.tar(?:\.gz|\.zst)?(?:\.gpg|\.age|\.asc)?$/.test(pattern),
  );
  const taken = new Set<Family>();
  const pairs = findFileMounts(survey.compose?.model, databases).map((mount) => {
    const archive = archives.find((family) => !taken.has(family) && isNamedAfter(family, mount));
    if (archive !== undefined) taken.add(archive);
    return { mount, archive };
  });
  const left = archives.filter(
    (family) => !taken.has(family) && survey.store?.listed?.recognised === undefined,
  );
  return {
    steps: pairs
      .flatMap(({ mount, archive }) => (archive === undefined ? [] : [{ mount, archive }]))
      .map(({ mount, archive }, index) => stepFor(mount, { archive, survey, index })),
    toDo: [
      ...pairs.flatMap(({ mount, archive }) => (archive === undefined ? [noBackup(mount)] : [])),
      ...(left.length === 0
        ? []
        : [
            `these archives belong to nothing that was recognised: ${left
              .slice(0, 5)
              .map(({ pattern }) => pattern)
              .join(', ')}. Where they hold files of the application, add a step restore-files.`,
          ]),
    ],
  };
}

/** uploads-{date}.tar.gz is named after ./data/uploads, and after the volume app_uploads. */
function isNamedAfter({ pattern }: Family, { source, target }: Mounted): boolean {
  const name = pattern.slice(pattern.lastIndexOf('/') + 1).toLowerCase();
  return [source, target]
    .map((path) => path.slice(path.lastIndexOf('/') + 1).toLowerCase())
    .some((word) => word.length > 3 && name.includes(word));
}

function stepFor(
  { service, source, target }: Mounted,
  of: { readonly archive: Family; readonly survey: Survey; readonly index: number },
): DraftStep {
  const { archive, survey, index } = of;
  const isVolume = !/^[./~]/.test(source);
  const project =
    survey.compose?.model.name ?? survey.folder.slice(survey.folder.lastIndexOf('/') + 1).toLowerCase();
  const into = isVolume
    ? `/var/lib/docker/volumes/${project}_${source}/_data`
    : isAbsolute(source)
      ? source
      : join(survey.folder, source);
  const id = source
    .slice(source.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '');
  return {
    step: {
      kind: 'restore-files',
      // Two folders may have one name.
      id: ['files', id, index === 0 ? '' : String(index + 1)].filter(Boolean).join('-'),
      title: `Restore ${id || 'files'}`,
      from: { kind: 'archive', layout: `${asLayoutText(survey.store?.prefix ?? '')}${archive.pattern}` },
      into: into.replaceAll('${', '$'),
      ...(isVolume ? { swap: 'contents' } : {}),
    },
    notes: [`${service} has this folder as ${target}.`],
    toDo: [
      'the pair is guessed from the names. See that the archive holds the content of the folder (tar -C FOLDER .), and not the folder itself: tar -tzf FILE | head.',
    ],
  };
}

function noBackup({ service, source, target }: Mounted): string {
  return `${service} keeps files in ${source} (${target}), and nothing in the store is named after it. Where they have a backup, add a step restore-files; where they have none, they are lost with the host.`;
}
