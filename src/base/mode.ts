/** What a run may touch: the production targets, a throwaway copy, or nothing at all. */
export const modes = ['live', 'drill', 'tabletop'] as const;
export type Mode = (typeof modes)[number];
