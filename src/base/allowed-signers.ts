import { fingerprintOf, readPublicKeyLine } from './ssh-key.ts';

/** Where a key was found in a file of allowed signers, or why it counts for nothing there. */
type FoundSigner = { readonly principal: string } | { readonly why: string };

/** principals, options or none, the key. Principals and values with spaces stand in quotes. */
const line = /^("[^"]*"|\S+)\s+(?:(\S.*?)\s+)?((?:sk-)?(?:ssh|ecdsa)-[\w@.-]+ [A-Za-z0-9+/]+=*)(?:\s.*)?$/;
const option = /^([a-z-]+)(?:="([^"]*)")?$/;
/** Commas part options, and stand inside of values as well. */
const betweenOptions = /,(?=(?:[^"]*"[^"]*")*[^"]*$)/;

/**
 * Who may have signed, in the format of `ssh-keygen -Y verify` (ssh-keygen(1), ALLOWED SIGNERS). A line that is not understood, option by
 * option, allows nobody; keys of certificate authorities are not followed.
 */
export function findSigner(
  text: string,
  of: { readonly blob: Buffer; readonly namespace: string; readonly nowMs: number },
): FoundSigner {
  let why = `its key ${fingerprintOf(of.blob)} is not in it`;
  for (const one of text.split(/\r?\n/)) {
    const [, principals = '', options = '', key = ''] = line.exec(one.trim()) ?? [];
    if (key === '' || principals.startsWith('#') || readPublicKeyLine(key)?.equals(of.blob) !== true)
      continue;
    const fault = options === '' ? undefined : faultOf(options, of);
    if (fault === undefined) return { principal: principals.replaceAll('"', '').split(',')[0] ?? '' };
    why = fault;
  }
  return { why };
}

function faultOf(
  options: string,
  { namespace, nowMs }: { readonly namespace: string; readonly nowMs: number },
): string | undefined {
  for (const one of options.split(betweenOptions)) {
    const [, name = '', value = ''] = option.exec(one.trim()) ?? [];
    switch (name) {
      case 'namespaces':
        if (!value.split(',').some((pattern) => fits(namespace, pattern)))
          return `its key may not sign ${namespace} there`;
        break;
      case 'valid-after':
        if (!(nowMs >= readTime(value))) return `its key is valid only after ${value}`;
        break;
      case 'valid-before':
        if (!(nowMs < readTime(value))) return `its key was valid only before ${value}`;
        break;
      default:
        return `its line there has “${one.trim()}”, which is not understood`;
    }
  }
  return undefined;
}

/** `*` and `?` as in OpenSSH. */
function fits(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(text);
}

/** YYYYMMDD, with HHMM and SS or without, with Z for UTC; NaN for anything else, which no time is before or after. */
function readTime(text: string): number {
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = ''] =
    /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z?)$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
}
