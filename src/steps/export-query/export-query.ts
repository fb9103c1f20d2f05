import { sha256 } from '../../base/digest.ts';
import { type Failure, fail, succeed } from '../../base/failure.ts';
import { formatCount } from '../../base/units.ts';
import { failed, passed } from '../../base/verdict.ts';
import { needFact } from '../../kinds/fact.ts';
import type { StepContext, StepOf } from '../../kinds/kind.ts';
import { implementKind, stepId } from '../../kinds/kind.ts';
import { queryRestored } from '../../operations/cell.ts';
import { targetDatabase } from '../../operations/open-targets.ts';
import { exportedFact, exportQueryKind } from './kind.ts';

type ExportStep = StepOf<typeof exportQueryKind>;

/** Rows of the restored database as a CSV file, for documentation or for moving; never the columns that hold secrets. */
export const exportQuery = implementKind(exportQueryKind, {
  async preview(step, context) {
    const never = step.never.length === 0 ? '' : ` Refuses to write ${step.never.join(', ')}.`;
    return { sentences: [`Writes the rows to ${placeOf(step, context)}.${never}`], commands: [step.query] };
  },

  async check() {
    return [];
  },

  async run(step, context) {
    const rows = await queryRestored(context, {
      database: targetDatabase(context),
      sql: step.query,
      never: step.never,
    });
    if (!rows.ok) return rows;
    const columns = Object.keys(rows.value[0] ?? {});
    const forbidden = columns.filter((column) => step.never.includes(column));
    if (forbidden.length > 0) return fail(shows(forbidden));
    const text = [columns, ...rows.value.map((row) => columns.map((column) => row[column] ?? null))]
      .map((cells) => `${cells.map(cell).join(',')}\n`)
      .join('');
    const path = placeOf(step, context);
    const written = await context.world.host.writeTextFile({ path, text });
    if (!written.ok) return written;
    await context.record(exportedFact(stepId(step)), {
      path,
      rows: rows.value.length,
      sha256: digest(text),
    });
    return succeed({ kind: 'done' });
  },

  async verify(step, context) {
    const exported = needFact(exportedFact(stepId(step)), context);
    const found = await context.world.host.readTextFile(exported.path);
    if (!found.ok) return found;
    return succeed([
      digest(found.value) === exported.sha256
        ? passed(`${formatCount(exported.rows)} rows in ${exported.path}, readable by this user alone`)
        : failed(`${exported.path} is not what was written.`, 'Retry.'),
    ]);
  },
});

/** A drill writes into its own work folder, which goes away with it. */
function placeOf(step: ExportStep, context: Pick<StepContext, 'mode' | 'workFile'>): string {
  return context.mode === 'drill' ? context.workFile(`${stepId(step)}.csv`) : step.into;
}

/** RFC 4180; an empty text is told from a null, as psql tells them. */
function cell(value: string | null): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function digest(text: string): string {
  return sha256(text);
}

function shows(columns: readonly string[]): Failure {
  return {
    code: 'invalid-input',
    message: `The query shows ${columns.join(', ')}, which the runbook never writes into a file.`,
    remedy: 'Name the other columns in the query, one by one.',
    retry: 'after-fix',
  };
}
