import { failureCodes } from '../src/base/failure.ts';
import { explanations } from '../src/commands/actions/explain.ts';

/** docs/troubleshooting.md: every failure code, from the table that `thaw explain` reads. */
export function renderTroubleshooting(): string {
  return `${[
    '# Troubleshooting',
    '',
    'Written by `npm run reference` from `src/commands/actions/explain.ts`; do not edit. `thaw explain CODE` says the same at a terminal.',
    '',
    'A failure says what is wrong, where, and what to do next. Below that stands its code, for whoever wants to know more:',
    '',
    '| code | what it means |',
    '| --- | --- |',
    ...failureCodes.map((code) => `| [\`${code}\`](#${code}) | ${explanations[code].means} |`),
    '',
    ...failureCodes.flatMap(section),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function section(code: (typeof failureCodes)[number]): readonly string[] {
  const { means, causes, todo, related } = explanations[code];
  return [
    `## ${code}`,
    '',
    `${means.slice(0, 1).toUpperCase()}${means.slice(1)}.`,
    '',
    'Usual causes:',
    '',
    ...causes.map((text) => `- ${text}`),
    '',
    'What to do:',
    '',
    ...todo.map((text, index) => `${index + 1}. ${text}`),
    '',
    `Commands: ${related.map((line) => `\`${line}\``).join(', ')}.`,
    '',
  ];
}
