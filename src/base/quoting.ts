/** How a text becomes one word of another language: a POSIX shell, SQL, the settings of a PostgreSQL server. */

/**
 * One word of a POSIX shell, whatever the text holds. What needs no quotes has none, so that ordinary command lines stay
 * readable. A word that begins with `=` or `%` is quoted: zsh would look for a command there, and a shell for a job.
 */
export function shellWord(text: string): string {
  return /^[\w@+:,./-][\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A whole command line, to be shown, copied into a shell or handed to one.
 *
 * @param env variables that are set for this one command, in front of it. None of them may be a secret.
 */
export function shellLine(command: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const [program = '', ...args] = command;
  const set = Object.entries(env).map(([name, value]) => `${name}=${shellWord(value)}`);
  // With an equals sign inside, a shell would set a variable instead of running the program.
  const first = program.includes('=') ? `'${program.replaceAll("'", "'\\''")}'` : shellWord(program);
  return [...set, first, ...args.map(shellWord)].join(' ');
}

/** The name of a database, role, schema, table or column in SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in SQL. With a backslash the meaning of a plain literal depends on standard_conforming_strings; E'' does not. */
export function sqlText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/**
 * The value of a setting in postgresql.conf. A backslash begins an escape in there (see guc-file.l), so it is doubled, too.
 *
 * @throws where the value has a line break, which no setting can hold.
 */
export function serverSetting(value: string): string {
  if (/[\n\r\0]/.test(value)) throw new Error('Broken promise: no setting of ours has a line break');
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
