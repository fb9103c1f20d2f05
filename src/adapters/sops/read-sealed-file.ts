import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { parseJson } from '../../base/parse-json.ts';
import { formatBytes } from '../../base/units.ts';
import type { SealedFile, SecretFileFormat } from '../../ports/secret-files.ts';
import { cutShort, notSealed, tooLarge } from './sops-failure.ts';

/** Far above any file of secrets; a dump named by mistake is not read into memory. */
const mostBytes = 16 * 1024 * 1024;

type SealedFacts = { readonly recipients: readonly string[]; readonly modified: string | undefined };

/** What a SOPS file says of itself, unencrypted: for whom it is and when it was last changed. */
export async function readSealedFile(sealed: SealedFile): Promise<Outcome<SealedFacts>> {
  let text: string;
  try {
    if ((await stat(sealed.path)).size > mostBytes) return fail(tooLarge(sealed, formatBytes(mostBytes)));
    text = await readFile(sealed.path, 'utf8');
  } catch (error) {
    return fail(describeFileFailure({ doing: `read the encrypted secrets ${sealed.path}`, error }));
  }
  if (!hasMetadata[sealed.format](text)) {
    return fail(text.includes('ENC[AES256_GCM,') ? cutShort(sealed) : notSealed(sealed));
  }
  return succeed({
    recipients: [...new Set([...text.matchAll(recipient)].map(([, key = '']) => key))],
    modified: lastModified.exec(text)?.[1],
  });
}

/** recipient: age1…, "recipient": "age1…" and sops_age__list_0__map_recipient=age1…, in key groups, too. */
const recipient = /recipient"?\s*[:=]\s*"?(age1[0-9a-z]+)/g;
const lastModified = /lastmodified"?\s*[:=]\s*"?([0-9T:+Z-]+)/;

/** Without its MAC or its version sops reads it as no file of its own, or as one that was cut short. */
const hasMetadata: Readonly<Record<SecretFileFormat, (text: string) => boolean>> = {
  dotenv: (text) => /^sops_mac=ENC\[.*\]$/m.test(text) && /^sops_version=\S/m.test(text),
  yaml: (text) =>
    /^sops:\s*$/m.test(text) && /^\s+mac: *\S*ENC\[.*\]/m.test(text) && /^\s+version: *\S/m.test(text),
  json: hasJsonMetadata,
  binary: hasJsonMetadata,
};

const jsonMetadata = z.object({ sops: z.object({ mac: z.string(), version: z.string() }) });

function hasJsonMetadata(text: string): boolean {
  return jsonMetadata.safeParse(parseJson(text)).success;
}
