import { z } from 'zod';
import { compressions, encryptions, layerNames, layerOf, layerOfEnding } from '../layers/list.ts';
import type { KeyConfig, Layer } from '../ports/unpacker.ts';

/** How a dump is wrapped, as far as names tell. What opens and makes a wrapping is behind a port. */

export const layerName = z.enum(layerNames);

/** What wraps a dump, by the endings of its key; outermost first. */
export function layersOf(key: string): readonly Layer[] {
  const ending = /\.([a-z0-9]+)$/.exec(key);
  const layer = layerOfEnding(ending?.[1] ?? '');
  return layer === undefined || ending === null ? [] : [layer.name, ...layersOf(key.slice(0, ending.index))];
}

/** The key without the endings that say how it is wrapped: what the objects that belong to it are named after. */
export function unwrappedKey(key: string): string {
  return layersOf(key).length === 0 ? key : unwrappedKey(key.slice(0, key.lastIndexOf('.')));
}

/** .gz.gpg for what is packed by these layers, outermost first. */
export function endingsFor(layers: readonly Layer[]): string {
  return layers
    .toReversed()
    .map((name) => `.${layerOf(name).endings[0]}`)
    .join('');
}

/** The endings that a dump of ours may have: at most compressed once, and then encrypted once. */
export const ownEndings: readonly string[] = [[], ...compressions.map(({ name }) => [name])].flatMap(
  (inner) => [[], ...encryptions.map(({ name }) => [name])].map((outer) => endingsFor([...outer, ...inner])),
);

/** How a shell opens it, and the packages of Debian that it takes. */
export function openedByHand(layer: Layer): { readonly command: string; readonly needs: string } {
  return layerOf(layer).byHand;
}

export function isEncrypted(layers: readonly Layer[]): boolean {
  return encryptions.some(({ name }) => layers.includes(name));
}

/** Whether a key layout has an ending for encryption, be it one that may be missing: 14.dump.gz[.gpg] */
export function mayBeEncrypted(pattern: string): boolean {
  return encryptions.some(({ endings }) =>
    endings.some((ending) => new RegExp(`\\.${ending}(?![a-z0-9])`).test(pattern)),
  );
}

/** For a narrow column: gpg, age, or a dash. */
export function sealedWith(layers: readonly Layer[]): string {
  return encryptions.find(({ name }) => layers.includes(name))?.short ?? '-';
}

/** Whether the runbook names a key for what these layers are encrypted with. */
export function namesKeyFor(layers: readonly Layer[], keys: KeyConfig): boolean {
  return encryptions.some(({ name, hasKey }) => layers.includes(name) && hasKey(keys));
}
