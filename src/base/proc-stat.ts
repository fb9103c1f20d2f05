/**
 * What /proc/PID/stat says of a process, see proc(5): enough to tell it from a later one with the same pid. The second field is
 * the program's name in brackets, which may itself hold spaces and brackets.
 *
 * @returns undefined for a process that has ended and that only its parent has not noticed yet.
 */
export function readProcStat(text: string): { readonly startTicks: string } | undefined {
  const [state, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Field 22, in clock ticks since the machine started; the state is the third.
  const startTicks = rest[18];
  if (state === undefined || startTicks === undefined || state === 'Z' || state === 'X') return undefined;
  return { startTicks };
}
