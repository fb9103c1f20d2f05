import { recordJsonSchema } from '../record/record-schema.ts';
import { runbookJsonSchema } from '../runbook/parse-runbook.ts';

/** `npm run schema`: what editors use to complete and check runbooks, and what readers of records can rely on. */
const schema = process.argv[2] === 'record' ? recordJsonSchema() : runbookJsonSchema();
process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
