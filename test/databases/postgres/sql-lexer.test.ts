import { describe, expect, it } from 'vitest';
import { createSqlLexer } from '../../../src/databases/postgres/sql-lexer.ts';

/** Whether a statement ended on the last line, and the lines on which psql would see a command of its own. */
function read(...lines: readonly string[]) {
  const lexer = createSqlLexer();
  const meta = lines.flatMap((line, index) => (lexer.take(line).hasMetaCommand ? [index] : []));
  return { between: lexer.isBetween(), meta };
}

describe('where statements end and where psql would obey', () => {
  it.each([
    { what: 'a statement', lines: ['SELECT 1;'], between: true },
    { what: 'half a statement', lines: ['SELECT 1'], between: false },
    { what: 'a semicolon in a text', lines: ["SELECT ';"], between: false },
    { what: 'a doubled quote', lines: ["SELECT 'it''s; \\! x';"], between: true },
    { what: 'a text over lines', lines: ["SELECT '", '\\connect postgres', "';"], between: true },
    { what: 'an escaped quote', lines: ["SELECT E'it\\'s; \\\\';"], between: true },
    { what: 'an escaped quote behind a doubled one', lines: ["SELECT E'a''b\\'c; \\! x';"], between: true },
    { what: 'a backslash at the end of a plain text', lines: ["SELECT 'C:\\';"], between: true },
    { what: 'a name with a semicolon', lines: ['SELECT "a;""b\\! x";'], between: true },
    { what: 'a dollar quote', lines: ['DO $x$ BEGIN', "it's; \\! rm", '$y$ $x', '$x$;'], between: true },
    { what: 'an empty dollar quote tag', lines: ['DO $$', "'", '$$;'], between: true },
    { what: 'a parameter, which is no dollar quote', lines: ['SELECT $1;'], between: true },
    { what: 'a name with a dollar in it', lines: ['SELECT a$b$c;'], between: true },
    { what: 'a comment', lines: ["SELECT 1; -- it's \\! x"], between: true },
    { what: 'a comment in a comment', lines: ['/* a /* b */', "it's; \\! x", '*/ SELECT 1;'], between: true },
  ])('reads $what as psql does', ({ lines, between }) => {
    expect(read(...lines)).toEqual({ between, meta: [] });
  });

  it.each([
    { what: 'at the beginning', lines: ['\\! touch /tmp/x'], meta: [0] },
    { what: 'behind a statement', lines: ['SELECT 1;', 'SELECT 2 \\g /tmp/x'], meta: [1] },
    { what: 'behind a text that only looks open', lines: ["SELECT 'a\\'; \\! x --'"], meta: [0] },
    { what: 'behind a dollar quote of another name', lines: ['DO $a$ $b$ $a$; \\! x'], meta: [0] },
  ])('sees a command $what', ({ lines, meta }) => {
    expect(read(...lines).meta).toEqual(meta);
  });
});
