import type { Layer } from '../ports/unpacker.ts';
import { age } from './age/layer.ts';
import { gzip } from './gzip.ts';
import type { Compression, Encryption, LayerKind } from './layer.ts';
import { openpgp } from './openpgp/layer.ts';
import { zstd } from './zstd.ts';

/** Every wrapping that thaw opens and makes: one line each. */
export const layers: readonly LayerKind[] = [openpgp, age, gzip, zstd];

export const layerNames: readonly Layer[] = layers.map(({ name }) => name);
export const compressions = layers.filter((layer): layer is Compression => layer.does === 'compresses');
export const encryptions = layers.filter((layer): layer is Encryption => layer.does === 'encrypts');

export function layerOf(name: Layer): LayerKind {
  const found = layers.find((layer) => layer.name === name);
  if (found === undefined) throw new Error(`Broken promise: nobody declares the layer ${name}`);
  return found;
}

/** @param ending without the dot. */
export function layerOfEnding(ending: string): LayerKind | undefined {
  return layers.find(({ endings }) => endings.includes(ending));
}
