import type { DrillRecord } from '../record/drill-record.ts';
import { toHtml } from '../record/to-html.ts';
import { toMarkdown } from '../record/to-markdown.ts';
import type { RecordFormat } from './option-table.ts';

export function recordJson(record: DrillRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

export function recordAs(record: DrillRecord, format: RecordFormat): string {
  switch (format) {
    case 'md':
      return toMarkdown(record);
    case 'html':
      return toHtml(record);
    case 'json':
      return recordJson(record);
  }
}

/** The three files of a run folder. Drawn again from the journal they must come out byte by byte the same. */
export function recordFiles(
  record: DrillRecord,
): readonly { readonly name: string; readonly text: string }[] {
  return (['md', 'html', 'json'] as const).map((format) => ({
    name: `record.${format}`,
    text: recordAs(record, format),
  }));
}
