import { writeFileSync } from 'node:fs';
import { recordJsonSchema } from '../src/record/record-schema.ts';
import { runbookSchema } from '../src/registry/kinds.ts';
import { runbookJsonSchema } from '../src/runbook/parse-runbook.ts';

// `npm run schema`: what editors use to complete and check runbooks, and what readers of records can rely on. A test says when they are stale.
for (const [name, schema] of [
  ['runbook', runbookJsonSchema(runbookSchema)],
  ['record', recordJsonSchema()],
] as const)
  writeFileSync(
    new URL(`../schema/${name}.schema.json`, import.meta.url),
    `${JSON.stringify(schema, null, 2)}\n`,
  );
