import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { LayerKind } from './layer.ts';
import { compressions, encryptions, layers } from './list.ts';
import { damaged } from './unpack-failure.ts';

/** What comes next, outermost first. */
type NextLayer =
  | { readonly kind: 'open'; readonly layer: LayerKind; readonly isDeclared: boolean; readonly note?: string }
  /** The name says a compression, and the content is what should be inside. */
  | { readonly kind: 'skip'; readonly note: string }
  | { readonly kind: 'end' };

/**
 * Names lie: `.gz` that is none, gzip twice, age behind `.gpg`. What counts is how the content begins. Encryption is never left out for
 * that: a backup that should be encrypted and is not stays refused.
 *
 * @param declared what the name says; undefined once all of that is off.
 * @param head the first bytes.
 */
export function nextLayer(declared: LayerKind | undefined, head: Buffer): Outcome<NextLayer> {
  const foreign = foreignIn(head);
  if (foreign !== undefined) return fail(foreign);
  if (declared?.magic.fits(head)) return succeed({ kind: 'open', layer: declared, isDeclared: true });
  const sealed = encryptions.find((layer) => isSurely(layer, head));
  const packed = compressions.find((layer) => layer.magic.fits(head));
  if (declared?.does === 'encrypts') {
    // It says better than anybody what is wrong with its beginning.
    if (sealed === undefined) return succeed({ kind: 'open', layer: declared, isDeclared: true });
    return succeed({ kind: 'open', layer: sealed, isDeclared: true, note: instead(sealed, declared) });
  }
  if (sealed !== undefined)
    return succeed({
      kind: 'open',
      layer: sealed,
      isDeclared: false,
      note: `${sealed.name}, unsaid by the name`,
    });
  if (declared === undefined) {
    if (packed === undefined) return succeed({ kind: 'end' });
    return succeed({
      kind: 'open',
      layer: packed,
      isDeclared: false,
      note: `${packed.name}, unsaid by the name`,
    });
  }
  if (packed !== undefined)
    return succeed({ kind: 'open', layer: packed, isDeclared: true, note: instead(packed, declared) });
  if (beginsAsDump(head))
    return succeed({ kind: 'skip', note: `no ${declared.name}, although the name says so` });
  return fail(otherThan(declared, head));
}

function instead(found: LayerKind, declared: LayerKind): string {
  return `${found.name}, although the name says ${declared.name}`;
}

/** A flipped byte makes gzip look like a packet of OpenPGP; words do not come about by chance. */
function isSurely(layer: LayerKind, head: Buffer): boolean {
  if (!layer.magic.fits(head)) return false;
  return /^(-----BEGIN |age-encryption\.org\/)/.test(head.toString('latin1'));
}

/** An archive, a directory in tar, or SQL. */
function beginsAsDump(head: Buffer): boolean {
  const text = head.toString('latin1');
  if (text.startsWith('PGDMP') || text.startsWith('toc.dat')) return true;
  return /^(--|\/\*|SET |\\restrict |\\connect |CREATE |BEGIN;|SELECT )/.test(
    text.replace(/^(\xef\xbb\xbf)?\s*/, ''),
  );
}

/** Whether a file is a backup, whatever its name: packed, encrypted, or a dump as it is. YAML may begin with three dashes. */
export function beginsAsBackup(head: Buffer): boolean {
  const text = head.toString('latin1');
  return (
    foreign.some(({ begins }) => text.startsWith(begins)) ||
    compressions.some(({ magic }) => magic.fits(head)) ||
    encryptions.some((layer) => isSurely(layer, head)) ||
    (beginsAsDump(head) && !text.startsWith('---'))
  );
}

/** What it is, how it begins, and what takes it off. */
const foreign: readonly { readonly name: string; readonly begins: string; readonly command: string }[] = [
  { name: 'bzip2', begins: 'BZh', command: 'bzip2 --decompress --stdout FILE > FILE.dump' },
  { name: 'xz', begins: '\xfd7zXZ\0', command: 'xz --decompress --stdout FILE > FILE.dump' },
  { name: 'lz4', begins: '\x04\x22\x4d\x18', command: 'lz4 -d FILE FILE.dump' },
  { name: 'a zip archive', begins: 'PK\x03\x04', command: 'unzip -p FILE > FILE.dump' },
  { name: 'a 7z archive', begins: '7z\xbc\xaf\x27\x1c', command: '7z x -so FILE > FILE.dump' },
  { name: 'lzip', begins: 'LZIP', command: 'lzip --decompress --stdout FILE > FILE.dump' },
  {
    name: 'the output of compress',
    begins: '\x1f\x9d',
    command: 'gzip --decompress --stdout FILE > FILE.dump',
  },
];

function foreignIn(head: Buffer): Failure | undefined {
  const text = head.toString('latin1');
  const found = foreign.find(({ begins }) => text.startsWith(begins));
  if (found !== undefined)
    return {
      code: 'invalid-input',
      message: `The content is ${found.name}, which thaw does not open.`,
      remedy: `Take it off and store what comes out beside it under a name without that ending: ${found.command}`,
      retry: 'after-fix',
    };
  if (/^(\xef\xbb\xbf)?\s*<(!doctype html|html|\?xml|error>)/i.test(text))
    return {
      ...damaged(
        'The content is a page of HTML or XML: what a login page, a proxy or a store answered stands where the backup should be.',
      ),
      remedy: 'Choose another snapshot, and look at the download or the backup that stored this one.',
    };
  const isUtf16 = text.startsWith('\xff\xfe') || text.startsWith('\xfe\xff');
  return isUtf16 ? fromPowerShell(head) : undefined;
}

/** PowerShell's `>` decodes what a program writes and writes it anew, as UTF-16. */
function fromPowerShell(head: Buffer): Failure {
  const text = head.toString('latin1').replaceAll('\0', '');
  if (text.includes('PGDMP'))
    return {
      ...damaged('The content is an archive of pg_dump that was written as UTF-16 text, by > of PowerShell.'),
      remedy:
        'It cannot be brought back: choose another snapshot, and let pg_dump write the file itself (--file).',
    };
  return {
    code: 'invalid-input',
    message: 'The content is UTF-16 text, as > of PowerShell writes it: psql reads none.',
    remedy:
      "Make UTF-8 of it and store that beside it: iconv -f UTF-16 -t UTF-8 FILE | tr -d '\\r' > FILE.sql. Letters beyond ASCII may be wrong already: compare some, and let pg_dump write the file itself (--file) next time.",
    retry: 'after-fix',
  };
}

/** Content that does not begin as this layer does; and as what it begins instead. */
function otherThan({ name, magic }: LayerKind, head: Buffer): Failure {
  if (head.length === 0) return damaged(`The ${name} data is missing: there are 0 bytes where it should be.`);
  const other = layers.find((one) => one.name !== name && one.magic.fits(head));
  if (other === undefined)
    return damaged(`The content is no ${name} data: it does not begin with ${magic.text}.`);
  return {
    ...damaged(`The content is no ${name} data: it is ${other.name}.`),
    remedy: `Correct the ending of the key, which says ${name}, or the layout in the runbook.`,
  };
}
