import { expect, it } from 'vitest';
import { findOpenPoints } from '../../src/runbook/open-points.ts';

it('open points of a runbook are its marked comments, with their lines, and no text that only looks like one', () => {
  const text = [
    'thaw: 1 # TO DO: behind a value',
    '# TO DO: of two',
    '# lines',
    '# TO DO: and the next at once',
    '#',
    '# a comment for itself',
    'about: |',
    '  # TO DO: a text, and no comment',
    'more: "# TO DO: neither"',
    'list: [a, # TO DO: in a flow',
    '  b]',
  ].join('\n');
  expect(findOpenPoints(text)).toEqual([
    { line: 1, text: 'behind a value' },
    { line: 2, text: 'of two lines' },
    { line: 4, text: 'and the next at once' },
    { line: 10, text: 'in a flow' },
  ]);
});
