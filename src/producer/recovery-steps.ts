import type { StepOf } from '../kinds/kind.ts';
import type { HandReach } from '../ports/object-store.ts';
import type { Runbook } from '../runbook/schema.ts';
import {
  type DecryptProbe,
  type VerifySecretsStep,
  verifySecretsKind,
} from '../steps/secrets/verify-secrets-kind.ts';
import { type ChecklistItem, smokeChecklistKind } from '../steps/smoke-checklist/kind.ts';

/** The parts of the recovery page that come from the steps of a runbook: what thaw does in them, as commands of a shell. */

type Facts = {
  readonly runbook: Runbook;
  /** Of the compose project, in the kit. */
  readonly composeFile: string | undefined;
  readonly about: { readonly project?: string | undefined };
};

/** A block of commands for a shell. */
export function shell(...lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n');
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** Between double quotes; a placeholder of a secret stays one of the shell. */
export function quoted(text: string): string {
  return `"${text.replace(/(\$\{[A-Z][A-Z0-9_]*\})|([\\"`$])/g, (_: string, ...[name, sign]: string[]) => name ?? `\\${sign}`)}"`;
}

/** Where rclone finds the store, as variables of the environment. */
export function remoteLines(remote: string, { settings }: HandReach): readonly string[] {
  return Object.entries(settings).map(
    ([name, value]) => `export RCLONE_CONFIG_${remote}_${name.toUpperCase()}=${quoted(value)}`,
  );
}

/** Of a text that a shell must not look into. */
function literal(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}

const isSecrets = (step: { readonly kind: string }): step is VerifySecretsStep =>
  step.kind === verifySecretsKind.kind;
const isChecklist = (step: { readonly kind: string }): step is StepOf<typeof smokeChecklistKind> =>
  step.kind === smokeChecklistKind.kind;

/** As `fingerprintSecret` makes one (backups/fingerprint.ts). */
const readEnv = [
  'def value_of(name):',
  '    for line in open(os.environ["ENV_FILE"], encoding="utf-8"):',
  '        found = re.fullmatch(r"\\s*(?:export\\s+)?" + name + r"\\s*=\\s*(.*?)\\s*", line.rstrip("\\n"))',
  '        if found:',
  '            value = found.group(1)',
  '            return value[1:-1] if value[:1] in ("\'", \'"\') and value[-1:] == value[:1] else value',
  '    sys.exit(name + " is not in the env file")',
];

export function secretsByHand({ runbook }: Facts): readonly string[] {
  const steps = runbook.steps.filter(isSecrets);
  if (steps.length === 0 || runbook.production.envFile === undefined) return [];
  const probes = steps.flatMap((step) => step.probes);
  return [
    [
      'See that the secrets belong to the data',
      'The fingerprints that the backup wrote down, of the values in the file from the vault:',
      shell(
        "python3 - <<'END'",
        'import hashlib, json, os, re, sys',
        ...readEnv,
        'for name, expected in json.load(open("manifest.json"))["fingerprints"].items():',
        '    digest = hashlib.scrypt(value_of(name).encode(), salt=("thaw fingerprint 1 " + name).encode(), n=2**15, r=8, p=1, maxmem=2**26, dklen=16).hex()',
        '    own = "-".join(digest[at:at + 4] for at in range(0, 32, 4))',
        '    print(name, "is the one of the backup" if own == expected else "IS ANOTHER ONE")',
        '    if own != expected: sys.exit(1)',
        'END',
      ),
      ...probes.map(openRow),
    ].join('\n\n'),
  ];
}

/** One row opened by the key itself: of the layouts that a few lines can open. */
function openRow({
  title,
  secret,
  query,
  layout,
  encoding,
  keyEncoding,
  ivBytes,
  lossIfWrong,
}: DecryptProbe): string {
  const cut = cutting(layout, ivBytes);
  if (cut === undefined)
    return `${title}: values laid out as \`${layout}\`, which \`${secret}\` opens. There is no short command for it: log in to the application and look. ${lossIfWrong}`;
  const decode = { hex: 'bytes.fromhex', base64: 'base64.b64decode', utf8: 'str.encode' };
  return [
    `${title}: a row that \`${secret}\` opens. ${lossIfWrong}`,
    shell(
      `psql --dbname=thaw_restored --no-align --tuples-only --command=${literal(query)} >rows.txt`,
      "python3 - <<'END'",
      'import base64, os, re, sys',
      'from cryptography.hazmat.primitives.ciphers.aead import AESGCM',
      ...readEnv,
      `key = ${decode[keyEncoding]}(value_of("${secret}"))`,
      'rows = [line.strip() for line in open("rows.txt") if line.strip()]',
      'if not rows: sys.exit("there is no such row")',
      'for row in rows:',
      `    ${cut(decode[encoding])}`,
      '    AESGCM(key).decrypt(iv, ciphertext + tag, None)',
      `print(len(rows), "rows of", ${JSON.stringify(title)}, "opened")`,
      'END',
      'rm rows.txt',
    ),
  ].join('\n\n');
}

/** A line of Python that makes iv, tag and ciphertext of a row. */
function cutting(layout: DecryptProbe['layout'], ivBytes: number): ((decode: string) => string) | undefined {
  switch (layout) {
    case 'iv:tag:ciphertext':
      return (decode) => `iv, tag, ciphertext = [${decode}(part) for part in row.split(":")]`;
    case 'iv:ciphertext:tag':
      return (decode) => `iv, ciphertext, tag = [${decode}(part) for part in row.split(":")]`;
    case 'iv+tag+ciphertext':
      return (decode) =>
        `whole = ${decode}(row); iv, tag, ciphertext = whole[:${ivBytes}], whole[${ivBytes}:${ivBytes + 16}], whole[${ivBytes + 16}:]`;
    case 'iv+ciphertext+tag':
      return (decode) =>
        `whole = ${decode}(row); iv, ciphertext, tag = whole[:${ivBytes}], whole[${ivBytes}:-16], whole[-16:]`;
    default:
      return undefined;
  }
}

/** @param images commands that bring the images, none where a registry has them. */
export function startByHand(
  { runbook, composeFile, about }: Facts,
  images: readonly string[],
): readonly string[] {
  if (runbook.production.services === undefined) return [];
  if (composeFile === undefined)
    return [
      `Start the services\n\nThey are of kind \`${runbook.production.services.kind}\`: start them as you always do.`,
    ];
  const project = about.project === undefined ? '' : ` --project-name ${quoted(about.project)}`;
  return [
    [
      'Start the services',
      shell(...images, `docker compose${project} --file ${quoted(composeFile)} up --detach`),
    ].join('\n\n'),
  ];
}

export function checkByHand({ runbook }: Facts): readonly string[] {
  const items = runbook.steps.filter(isChecklist).flatMap((step) => step.items);
  if (items.length === 0) return [];
  return [['See that it can be used', ...items.map(lookAt)].join('\n\n')];
}

function lookAt(item: ChecklistItem): string {
  switch (item.kind) {
    case 'query':
    case 'object':
    case 'references':
      return [
        `${item.title}${item.kind === 'query' ? '' : ': each of these has to be in the object store'}:`,
        shell(`psql --dbname="$TARGET" --command=${literal(item.query)}`),
      ].join('\n\n');
    case 'http':
      return [
        `${item.title}: it answers with ${item.status}.`,
        shell(
          `curl --silent --show-error --retry 30 --retry-delay 2 --retry-connrefused --output page --write-out '%{http_code}\\n' ${quoted(item.url)}`,
        ),
      ].join('\n\n');
    case 'attest':
      return `${item.title}: ${item.instructions}`;
  }
}

/** @param name of the database that is replaced. */
export function swapByHand(name: string): string {
  return [
    'Put the restored database in place',
    'A database of that name that is there is kept under another name. Nothing may be connected to it.',
    shell(
      `export TARGET=${quoted(name)}`,
      'psql --dbname=postgres --set=ON_ERROR_STOP=1 --set=target="$TARGET" <<\'END\'',
      "SELECT format('ALTER DATABASE %I RENAME TO %I', :'target', :'target' || '_before') FROM pg_database WHERE datname = :'target' \\gexec",
      'ALTER DATABASE thaw_restored RENAME TO :"target";',
      'END',
    ),
  ].join('\n\n');
}
