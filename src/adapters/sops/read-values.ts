import { parseEnv } from 'node:util';

/** Every value of an opened file by its name: db.password, list.0. */
export function readDotenv(text: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? '']));
}

/** @param text JSON that sops itself wrote. */
export function readTree(text: string): ReadonlyMap<string, string> {
  return new Map(leavesOf(JSON.parse(text), ''));
}

function leavesOf(value: unknown, name: string): readonly (readonly [string, string])[] {
  if (value === null || typeof value !== 'object') return [[name, String(value ?? '')]];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, name === '' ? key : `${name}.${key}`),
  );
}
