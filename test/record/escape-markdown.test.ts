import fc from 'fast-check';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { describe, expect, test } from 'vitest';
import { escapeCell, escapeMarkdown, escapeStart } from '../../src/record/escape-markdown.ts';

/** As GitHub and the like read it. */
function render(markdown: string): string {
  return micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
}

function wordsOf(html: string): string {
  const signs: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' };
  return html.replace(/<\/?(p|code)>|\n/g, '').replace(/&(lt|gt|quot|amp);/g, (sign) => signs[sign] ?? sign);
}

const pieces = fc.oneof(
  fc.constantFrom(
    ...[
      '](javascript:alert(1))',
      '![p](http://127.0.0.1/p.png)',
      '<img src=x>',
      '<http://127.0.0.1>',
      '`',
      '``',
      '```',
    ],
    ...[
      'https://127.0.0.1/x',
      'www.evil.example',
      'somebody@evil.example',
      '0@.A',
      '@',
      '[x]: http://127.0.0.1',
      '[ ] ',
      '&#x202e;',
      '&lt;',
      '\\',
      '|',
      '~~',
    ],
    ...[
      '**',
      '__',
      '*',
      '_',
      '# ',
      '> ',
      '- ',
      '+ ',
      '1. ',
      '2) ',
      '===',
      '---',
      '    ',
      '<!--',
      'a',
      ' ',
      '!',
      '[',
      ']',
    ],
  ),
  fc.string({ maxLength: 3 }),
);

describe('text from outside in Markdown', () => {
  test('comes out as it was, as a paragraph of text and code', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        const html = render(escapeStart(escapeMarkdown(text)));
        expect(html.replace(/<\/?(p|code)>/g, '')).not.toMatch(/<[a-z/!]/i);
        const plain = (words: string) => words.replace(/`|\s/g, '');
        expect(plain(wordsOf(html))).toBe(plain(text.replace(/`{2,}/g, "'")));
      }),
      { numRuns: 3000 },
    );
  });

  test('keeps to its cell of a table', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const html = render(
          `| a | b |\n| --- | --- |\n| ${escapeCell(escapeMarkdown(parts.join('')))} | end |`,
        );
        expect(html.match(/<td>/g)?.length).toBe(2);
        expect(html).toContain('<td>end</td>');
        expect(html).not.toMatch(/<(a|img|del|strong|em)\b/);
      }),
      { numRuns: 1000 },
    );
  });

  test('stays readable', () => {
    const text = 'harbour_crm: 3 of 4 (`thaw resume RUN_1`), s3://backups/x';
    expect(escapeMarkdown(text)).toBe(text);
  });
});
