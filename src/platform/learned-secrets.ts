/**
 * Secrets that no runbook names: keys of a profile, of an instance's role, the password of a proxy. Whoever reads one tells it here, once for
 * this process; whoever masks hears of it, also of those that came before he listened.
 */

type Mask = (values: readonly string[]) => void;

const learned = new Set<string>();
const masks = new Set<Mask>();

export function learnSecrets(values: readonly string[]): void {
  for (const value of values) learned.add(value);
  for (const mask of masks) mask(values);
}

export function hearOfSecrets(mask: Mask): void {
  masks.add(mask);
  mask([...learned]);
}
