import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { artifactKey } from '../backups/artifact-keys.ts';
import { kitPrefix } from '../backups/kit.ts';
import { layersOf, openedByHand } from '../backups/wrapping.ts';
import { findReferences } from '../kinds/references.ts';
import type { HandReach } from '../ports/object-store.ts';
import type { Layer } from '../ports/unpacker.ts';
import type { KitContent } from './make-kit.ts';
import { fetchKit, filesOf, kitAt, left, loadImages, type PageFacts } from './recovery-files.ts';
import {
  checkByHand,
  list,
  quoted,
  remoteLines,
  secretsByHand,
  shell,
  startByHand,
  swapByHand,
} from './recovery-steps.ts';

/** RECOVER.md, and the same to print. */
export function recoveryPages(facts: PageFacts): readonly KitContent[] {
  const text = writeMarkdown(facts);
  const body = micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
  const html = `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Recovery</title>\n<style>${style}</style>\n</head>\n<body>\n${body}\n</body>\n</html>\n`;
  return [
    { path: 'RECOVER.md', role: 'page', content: Buffer.from(text) },
    { path: 'RECOVER.html', role: 'page', content: Buffer.from(html) },
  ];
}

/** For paper: nothing is cut off at its edge. */
const style =
  'body{font:11pt/1.45 serif;max-width:48em;margin:2em auto;padding:0 1em}pre,code{font:9.5pt/1.35 monospace}pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid;padding:.6em}td,th{border:1px solid;padding:.2em .4em;overflow-wrap:anywhere;text-align:left}table{border-collapse:collapse}';

/**
 * The one page that says how to recover: with thaw, and without it. It is printed and kept where the keys are kept; what stands in
 * it has no secret. A test executes its commands one after the other (test/scenarios/kit/by-hand.test.ts).
 */
function writeMarkdown(facts: PageFacts): string {
  const { about, madeAt, signer, runbook } = facts;
  return [
    `# How to bring ${about.title} back`,
    `This page was made at ${madeAt} with the kit \`${kitPrefix(about.name)}\` in the backup store. It holds no secret. Print it, and keep it where the keys are.`,
    `The kit is signed by the key\n\n    ${signer}\n\nthaw asks for the beginning of it before it executes anything that came out of the store. Believe this paper, not the bucket.`,
    '## What you need',
    list([
      ...runbook.bring,
      'a clean Debian or Ubuntu host, and a way to be root on it',
      ...about.asks.map(
        (name) => `a value for \`${name}\`: ${runbook.inputs[name]?.about ?? 'named by the runbook'}`,
      ),
    ]),
    left(facts),
    withThaw(facts),
    withoutThaw(facts),
    filesOf(facts),
  ]
    .join('\n\n')
    .concat('\n');
}

function withThaw(facts: PageFacts): string {
  const { files, about } = facts;
  const programs = files.filter(({ role }) => role === 'program');
  if (programs.length === 0)
    return '## With thaw\n\nThe program is not in this kit. With thaw on the host: `thaw restore` and the address of the backup store.';
  const [program] = programs.filter(({ path }) => path.endsWith('x64')).concat(programs);
  const { object = '', path = '', sha256 = '' } = program ?? {};
  return [
    '## With thaw',
    'Fetch the program with whatever reaches the store (here rclone; a browser will do), and compare it with this paper:',
    shell(
      'apt-get install --yes --no-install-recommends rclone ca-certificates',
      ...remoteLines('BACKUP', facts.backups),
      `rclone copyto ${quoted(`${kitAt(facts)}${object}`)} thaw.gz`,
      'gzip --decompress thaw.gz',
      `echo ${quoted(`${sha256}  thaw`)} | sha256sum --check`,
      'chmod +x thaw',
    ),
    `(${path}; other processors: the table at the end.) Then, with the \`.env\` from the vault beside you, and the address of the store:`,
    ['```', `./thaw restore ADDRESS/${kitPrefix(about.name)} --env-file .env`, '```'].join('\n'),
    'ADDRESS is `s3://BUCKET`, with `--endpoint URL` where it is not AWS; `rclone:REMOTE:PATH`; or a folder. It asks for what is missing, and says what to do at each step. If it is interrupted: `thaw resume` in the same folder.',
  ].join('\n\n');
}

function withoutThaw(facts: PageFacts): string {
  const { runbook, about } = facts;
  const steps = [
    prepare(facts),
    fetchKit(facts),
    fetchDump(facts),
    restoreDump(facts),
    ...(facts.live === undefined || runbook.backups.objects === undefined ? [] : [mirror(facts, facts.live)]),
    ...secretsByHand(facts),
    swapByHand(facts.database.name),
    ...startByHand(facts, loadImages(facts)),
    ...checkByHand(facts),
  ];
  return [
    '## Without thaw, step by step',
    `In one shell (bash) on the new host, in an empty folder. Each command that fails stops you there: do not go on past it. What thaw does and this does not: it proves each step, holds the restored dump in a role that can reach nothing else, and keeps a record. ${about.title} must not be running anywhere: stop its services on the old host first, if that still answers.`,
    ...steps.map((text, index) => `### ${index + 1}. ${text}`),
  ].join('\n\n');
}

function prepare(facts: PageFacts): string {
  const { backups, live, newest, database, runbook } = facts;
  const secrets = findReferences([backups, live]).filter((name) => !given.has(name));
  const programs = new Set([
    'rclone',
    'ca-certificates',
    'postgresql-client',
    'jq',
    'python3-cryptography',
    'openssh-client',
    'curl',
  ]);
  for (const layer of newest?.layers ?? [])
    for (const one of openedByHand(layer).needs.split(' ')) programs.add(one);
  return [
    'Install, and fill in',
    shell(`apt-get install --yes --no-install-recommends ${[...programs].sort().join(' ')}`),
    'Behind each `=` that ends a line belongs a value, in single quotes:',
    shell(
      ...secrets.map((name) => `export ${name}=`),
      `export PGHOST=${quoted(database.host)} PGPORT=${quoted(database.port)} PGUSER=${quoted(database.user)}`,
      'export PGPASSWORD=',
      'export ENV_FILE=',
      ...(newest?.layers.includes('age') ? ['export AGE_IDENTITY_FILE='] : []),
    ),
    `\`PGHOST\`, \`PGPORT\` and \`PGUSER\` are as they were: change them where the new server is another one. \`ENV_FILE\` is the file from the vault, with its whole path.${runbook.backups.key.privateKeyFile || newest?.layers.includes('openpgp') ? ' Import the key of the backups: `gpg --import FILE`.' : ''}`,
    shell(
      'set -eu -o pipefail',
      ...remoteLines('BACKUP', backups),
      ...(live === undefined ? [] : remoteLines('LIVE', live)),
    ),
  ].join('\n\n');
}

/** Filled in by name elsewhere on the page. */
const given: ReadonlySet<string> = new Set(['PGPASSWORD', 'ENV_FILE']);

function fetchDump(facts: PageFacts): string {
  const { newest, backups, runbook } = facts;
  const key = newest?.key ?? 'KEY-OF-THE-DUMP';
  return [
    'Choose a snapshot, fetch it, compare it with its manifest',
    `Dumps are named ${`\`${runbook.backups.dumps.layout}\``}. The newest when this page was made is below; a later one: \`rclone lsf --recursive --files-only ${quoted(backups.root)}\`.`,
    shell(
      `DUMP=${quoted(key)}`,
      `rclone copyto ${quoted(backups.root)}"$DUMP" dump.packed`,
      `rclone copyto ${quoted(backups.root)}${quoted(artifactKey(key, 'manifest'))} manifest.json`,
      'jq --raw-output \'.dump.sha256 + "  dump.packed"\' manifest.json | sha256sum --check',
      `${opening(newest?.layers ?? [], 'dump.packed')} >dump`,
    ),
  ].join('\n\n');
}

/** A pipe through all layers, outermost first. */
function opening(layers: readonly Layer[], file: string): string {
  if (layers.length === 0) return `cat ${file}`;
  return layers
    .map((layer, index) => `${openedByHand(layer).command}${index === 0 ? ` <${file}` : ''}`)
    .join(' | ');
}

function restoreDump({ newest, backups }: PageFacts): string {
  const globals = newest?.globalsKey;
  return [
    'Restore it beside what is there, and count',
    shell(
      ...(globals === undefined
        ? []
        : [
            `rclone copyto ${quoted(`${backups.root}${globals}`)} globals.packed`,
            `${opening(layersOf(globals), 'globals.packed')} >globals.sql`,
            '# Roles that are there already are told as errors, and stay as they are.',
            'psql --quiet --dbname=postgres --file=globals.sql',
          ]),
      'psql --dbname=postgres --command="CREATE DATABASE thaw_restored TEMPLATE template0"',
      'if [ "$(head --bytes=5 dump)" = PGDMP ]; then',
      '  pg_restore --exit-on-error --dbname=thaw_restored dump',
      'else',
      '  psql --quiet --set=ON_ERROR_STOP=1 --dbname=thaw_restored --file=dump',
      'fi',
      'jq --raw-output \'.tables[] | [.schema, .name, (.rows | tostring)] | join("|")\' manifest.json |',
      "while IFS='|' read -r schema name rows; do",
      '  found="$(psql --dbname=thaw_restored --no-align --tuples-only --set=schema="$schema" --set=name="$name" <<<\'SELECT count(*) FROM :"schema".:"name"\')"',
      '  echo "$schema.$name: $found rows, the backup counted $rows"',
      '  [ "$found" = "$rows" ] || { echo "NOT EQUAL: stop here, and take another snapshot"; exit 1; }',
      'done',
    ),
  ].join('\n\n');
}

function mirror({ runbook, backups }: PageFacts, live: HandReach): string {
  return [
    'Copy the objects back',
    shell(
      `rclone copy ${quoted(`${backups.root}${runbook.backups.objects?.prefix ?? ''}`)} ${quoted(live.root)}`,
      `rclone check --one-way ${quoted(`${backups.root}${runbook.backups.objects?.prefix ?? ''}`)} ${quoted(live.root)}`,
    ),
  ].join('\n\n');
}
