import { runbookJsonSchema } from '../runbook/parse-runbook.ts';

/** `npm run schema`: what editors use to complete and check runbooks. */
process.stdout.write(`${JSON.stringify(runbookJsonSchema(), null, 2)}\n`);
