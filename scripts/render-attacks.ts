import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../test/attacks/', import.meta.url);

/**
 * docs/attacks.md, from the tests themselves: who attacks stands at the head of each file, what happens in the titles of its tests, and
 * what remains behind `Remains:` at the head. A title that is filled in for each row of a table has an ellipsis there.
 */
export function renderAttacks(): string {
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  return [
    '# Attacks',
    '',
    'Made by `npm run reference` from `test/attacks`, where each line is a test against real servers and programs. Who attacks, and what is out of scope, stands in',
    '[SECURITY.md](../SECURITY.md).',
    '',
    ...files.sort().flatMap(section),
  ].join('\n');
}

function section(name: string): readonly string[] {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const [, head = ''] = /^\/\*\*([\s\S]*?)\*\//m.exec(text) ?? [];
  const words = head
    .replace(/^\s*\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
  const [attack = '', remains] = words.split(/ ?Remains: /);
  if (attack === '' || remains === undefined)
    throw new Error(`test/attacks/${name} does not say at its head who attacks, and what remains.`);
  const title = name.replace('.test.ts', '').replaceAll('-', ' ');
  return [
    `## ${title.charAt(0).toUpperCase()}${title.slice(1)}`,
    '',
    attack,
    '',
    ...titlesIn(text).map((line) => `- ${line}`),
    '',
    `Remains: ${remains}`,
    '',
  ];
}

/** "a forged backup … is never the latest": the title of the group and that of the test read as one sentence. */
function titlesIn(text: string): readonly string[] {
  const found: string[] = [];
  let group = '';
  // A call whose first argument is a text and whose second is a function, written out in place.
  const calls =
    /(?:\bit|\bdescribe|\))\(\s*(?:'((?:\\.|[^'\\\n])+)'|"((?:\\.|[^"\\\n])+)"),\s*(?:async )?\([^)]*\)\s*=>/g;
  for (const { 0: call, index, 1: single, 2: double } of text.matchAll(calls)) {
    // Of a table the call stands behind its rows: the line that begins it says whether it is a group or a test.
    const begun = [...text.slice(0, index + call.length).matchAll(/^\s*(describe|it)\b/gm)].at(-1)?.[1];
    const title = (single ?? double ?? '').replaceAll("\\'", "'").replace(/%[sj]|\$\w+/g, '…');
    if (begun === 'describe') group = title;
    else if (begun === 'it') found.push(`${group} ${title}`.trim());
  }
  return found;
}
