// Prints 10,000 lines a second for as many seconds as its argument says: what a restore with --verbose does at its worst.
const linesPerSecond = 10_000;
const lastLine = Number(process.argv[2] ?? 10) * linesPerSecond;
const beganMs = performance.now();
let printed = 0;

const timer = setInterval(() => {
  const due = Math.min(lastLine, Math.floor(((performance.now() - beganMs) / 1000) * linesPerSecond));
  let text = '';
  for (; printed < due; printed += 1)
    text += `pg_restore: processing data for table "public.table_${printed % 997}", line ${printed}\n`;
  if (text !== '') process.stdout.write(text);
  if (printed === lastLine) clearInterval(timer);
}, 10);
