/** As pg_dump writes a name into the comments of a plain dump: a line break would end the comment. */
export function inOneLine(name: string): string {
  return name.replace(/[\r\n]/g, ' ');
}

/**
 * The name with its line breaks, from the statement below the comment.
 *
 * @param written the statement, or as much of it as was read.
 * @returns undefined where the comment has the whole name, or the statement has not come to its end.
 */
export function brokenName(written: string, name: string): string | undefined {
  for (const [, quoted = ''] of written.matchAll(/"((?:[^"]|"")*)"/g)) {
    const whole = quoted.replaceAll('""', '"');
    if (whole !== name && inOneLine(whole) === name) return whole;
  }
  return undefined;
}
