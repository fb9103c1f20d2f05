import type { ObjectAttributes } from '../ports/object-store.ts';

/**
 * What becomes of access on the way. note: a backup is not public because its original is; its access is written down beside it.
 * give: as it was. drop: private, and without our note.
 */
export type AccessOnTheWay = 'note' | 'give' | 'drop';

/** In the metadata of a copy: who might read the original. */
const noteName = 'thaw-access';

/** What belongs to the original: where its access was written down, that one. */
export function attributesOfOriginal(attributes: ObjectAttributes): ObjectAttributes {
  const { [noteName]: noted, ...metadata } = attributes.metadata;
  const access = readNote(noted) ?? attributes.access;
  return { ...attributes, ...(access === undefined ? {} : { access }), metadata };
}

export function carryAttributes(attributes: ObjectAttributes, how: AccessOnTheWay): ObjectAttributes {
  const original = attributesOfOriginal(attributes);
  if (how === 'give') return original;
  const { access, ...others } = original;
  if (how === 'drop' || access === undefined || access === 'other') return others;
  return { ...others, metadata: { ...others.metadata, [noteName]: access } };
}

function readNote(noted: string | undefined) {
  return noted === 'public-read' || noted === 'public-read-write' || noted === 'authenticated-read'
    ? noted
    : undefined;
}
