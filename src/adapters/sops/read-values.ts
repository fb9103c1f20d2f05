import { readEnvFile } from '../../base/env-file.ts';
import { type Outcome, succeed } from '../../base/failure.ts';

/** Every value of an opened file by its name: db.password, list.0. */
export function readDotenv(text: string, path: string): Outcome<ReadonlyMap<string, string>> {
  const read = readEnvFile(text, { path });
  return read.ok ? succeed(read.value.values) : read;
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
