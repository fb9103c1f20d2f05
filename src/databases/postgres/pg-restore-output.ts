import type { RestoreMessage } from '../../ports/dump-tools.ts';

/**
 * Reads what pg_restore --verbose says. It prints no SQLSTATE, so here, and only here, texts are matched: those of
 * LC_ALL=C. A server that speaks another language than English makes every message fatal, which is the safe side.
 */
type RestoreOutputReader = {
  take(line: string): void;
  /** Archive entries processed so far. */
  entriesDone(): number;
  /** To be called once, after the end. */
  messages(exitCode: number): readonly RestoreMessage[];
};

type Rule = {
  readonly weight: 'harmless' | 'needs-decision';
  readonly text?: RegExp;
  readonly command?: RegExp;
  readonly because: string;
};

/** The first rule that fits wins; what fits none is fatal. psql's words are the same, with the SQLSTATE before them. */
const rules: readonly Rule[] = [
  {
    weight: 'harmless',
    command: /^SET [a-z_]+ = /,
    text: /unrecognized configuration parameter /,
    because: 'pg_dump is newer than this server, and sets for its own session what the server does not know',
  },
  {
    weight: 'harmless',
    command: /^(?:DROP|ALTER [\s\S]+ DROP) /,
    text: /does not exist/,
    because: 'a new database has nothing to drop (--clean)',
  },
  {
    weight: 'harmless',
    // Left out of plain dumps already, where it is one line: a name may hold a line break.
    command: /^ALTER [\s\S]+ OWNER TO \S/,
    text: /must be (?:member of|able to SET) role|role "[^"]*" does not exist/i,
    because: 'owners are put back afterwards, or told where they cannot be',
  },
  {
    weight: 'harmless',
    command: /^COMMENT ON EXTENSION /,
    because:
      'the comment of an extension belongs to the extension, and needs its owner; no data depends on it',
  },
  {
    weight: 'harmless',
    text: /must be owner of extension /,
    because: 'the extension was made by the administrator of this server, as it should be',
  },
  {
    weight: 'harmless',
    command: /^ALTER EXTENSION \S+ OWNER TO /,
    because: 'who owns an extension does not change what it does',
  },
  {
    weight: 'harmless',
    text: /schema "[^"]*" already exists/,
    because: 'every new database has public, and the administrator makes the schema of an extension first',
  },
  {
    weight: 'harmless',
    command: /^COMMENT ON SCHEMA public /,
    text: /must be owner of schema public/,
    because: 'the comment of the schema that every database has carries no data',
  },
  {
    weight: 'harmless',
    text: /permission denied to create event trigger|must be superuser to (?:create FOR ALL TABLES publication|create FOR TABLES IN SCHEMA publication|add or set schemas)/,
    because:
      'an administrator makes it afterwards, or it is told among the rights that are not as in the dump',
  },
  {
    weight: 'harmless',
    command: /^COMMENT ON (?:EVENT TRIGGER|PUBLICATION) /,
    text: /does not exist/,
    because: 'what it is about is made afterwards, if at all; no data depends on it',
  },
  {
    weight: 'needs-decision',
    text: /extension "[^"]*" is not available/,
    because: 'what the extension provides is missing: the operator knows whether the application needs it',
  },
  {
    weight: 'needs-decision',
    text: /could not open extension control file/,
    because: 'as above, in the words of PostgreSQL before 16',
  },
  {
    weight: 'needs-decision',
    text: /permission denied to create extension /,
    because: 'the extension is there, but an administrator of the server has to make it',
  },
  {
    weight: 'needs-decision',
    text: /(?:must be superuser|permission denied) to create |permission denied for (?:language|foreign-data wrapper) /,
    because: 'only a superuser may make it, and what stands in a dump never runs with the rights of one',
  },
  {
    weight: 'needs-decision',
    text: /foreign-data wrapper "[^"]*" has no handler/,
    because: 'it reads from another server, and a restore contacts nobody: refresh it afterwards',
  },
  {
    weight: 'needs-decision',
    text: /role "[^"]*" does not exist/,
    because: 'roles are not part of a dump: the operator knows whether this one is still needed',
  },
];

/** What a function of the dump asked for is not found where it looks: in no schema but that of the system. */
const lostFunction = / does not exist\b[\s\S]*CONTEXT: +(?:PL\/\w+|SQL) function /;

export function classifyRestoreError(error: {
  readonly text: string;
  readonly command?: string;
}): RestoreMessage {
  const fits = (rule: Rule) =>
    (rule.text === undefined || rule.text.test(error.text)) &&
    (rule.command === undefined || rule.command.test(error.command ?? ''));
  const rule = rules.find(fits);
  if (rule !== undefined) return { weight: rule.weight, ...error, reason: rule.because };
  return { weight: 'fatal', ...error, ...(lostFunction.test(error.text) ? { lacksSearchPath: true } : {}) };
}

/**
 * Parallel workers write to one stream without waiting for each other, so that the name of the program may stand
 * twice, or be missing: `pg_restore:pg_restore: error: COPY failed …`, `pg_restore: error: pg_restore: could not …`.
 */
const errorLine = /^(?:pg_restore: ?)*\s*error: (?:pg_restore: ?)*(.*)$/;
/** The body of an error is written in one piece even where its beginning went astray. */
const strayError = /^\s*(?:could not |COPY failed |error returned by ).*(?:ERROR|FATAL|PANIC): /;
const ignoredLine = /errors ignored on restore: (\d+)/;
const itemLine = /\b(?:processing|finished|skipping) item (\d+) (\S+)/;
const serialLine = /^pg_restore: (?:creating |executing |processing data for table |processing BLOBS)/;
/** Part of every archive, yet never listed: they would push the count past the total. */
const unlistedTypes = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH', 'DATABASE']);
const longestTextLength = 4_000;
const mostErrors = 1_000;

export function createRestoreOutputReader(): RestoreOutputReader {
  const errors: { text: string; command?: string }[] = [];
  const items = new Set<string>();
  let serialCount = 0;
  let ignoredCount = 0;
  let errorCount = 0;
  let lastWords = '';
  let open: 'text' | 'command' | undefined;

  const append = (line: string) => {
    const current = errors.at(-1);
    if (current === undefined || open === undefined || errorCount > mostErrors) return;
    if (line.startsWith('Command was: ')) {
      open = 'command';
      current.command = line.slice('Command was: '.length);
    } else if (open === 'command') current.command = clip(`${current.command}\n${line}`);
    else current.text = clip(`${current.text}\n${line}`);
  };

  const begin = (text: string) => {
    errorCount += 1;
    open = 'text';
    if (errorCount <= mostErrors) errors.push({ text: clip(text) });
  };

  return {
    take: (line) => {
      if (line.trim() !== '') lastWords = line;
      const item = itemLine.exec(line);
      if (item?.[1] !== undefined && !unlistedTypes.has(item[2] ?? '')) items.add(item[1]);
      if (serialLine.test(line)) serialCount += 1;
      ignoredCount = Number(ignoredLine.exec(line)?.[1] ?? ignoredCount);
      const error = errorLine.exec(line);
      if (error?.[1] !== undefined) begin(error[1]);
      else if (strayError.test(line) && !(open === 'text' && isFragment(errors.at(-1)?.text)))
        begin(line.trim());
      else if (line.includes('pg_restore:')) open = undefined;
      else append(line);
    },
    entriesDone: () => (items.size > 0 ? items.size : serialCount),
    messages: (exitCode) => {
      const messages = errors.map(({ text, command }) =>
        classifyRestoreError({
          text: text.trimEnd(),
          ...(command === undefined ? {} : { command: command.trimEnd() }),
        }),
      );
      // In parallel the number is too high: a worker that met one error counts every later entry as well
      // (restore_toc_entry in pg_backup_archiver.c looks at the total). So it only tells none from some.
      const ignored = items.size > 0 ? Math.min(ignoredCount, 1) : ignoredCount;
      const unread = Math.max(ignored, errorCount) - errors.length;
      // An error nobody could read must never pass as harmless.
      if (unread > 0) {
        messages.push({
          weight: 'fatal',
          text: `pg_restore counts ${unread} more errors than it shows legibly.`,
        });
      }
      if (exitCode !== 0 && messages.length === 0) {
        messages.push({ weight: 'fatal', text: `pg_restore ends with status ${exitCode}: ${lastWords}` });
      }
      return messages;
    },
  };
}

/** An error whose own body has not come yet: another worker's words stand in its place. */
function isFragment(text: string | undefined): boolean {
  return text !== undefined && !/(?:ERROR|FATAL|PANIC): /.test(text);
}

function clip(text: string): string {
  return text.length <= longestTextLength ? text : `${text.slice(0, longestTextLength)}…`;
}
