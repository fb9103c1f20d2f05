const coldClasses: readonly unknown[] = [
  'GLACIER',
  'DEEP_ARCHIVE',
  // Archive tiers of INTELLIGENT_TIERING.
  'ARCHIVE_ACCESS',
  'DEEP_ARCHIVE_ACCESS',
];

/** Whether it has to be asked for hours before it can be read. Instant retrieval (GLACIER_IR) is read like any other class. */
export function isCold(object: {
  readonly storageClass?: string | undefined;
  readonly thaw?: 'none' | 'under-way' | 'done' | undefined;
}): boolean {
  return coldClasses.includes(object.storageClass) && object.thaw !== 'done';
}
