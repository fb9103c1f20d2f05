import type { DrillRecord } from './record-schema.ts';

export type { DrillRecord } from './record-schema.ts';
export { recordVersion } from './record-schema.ts';
export type { AttemptRecord, StepRecord } from './step-record-schema.ts';

export type CheckRecord = DrillRecord['cleanUp'][number];
export type QuestionRecord = DrillRecord['questions'][number];
export type Finding = DrillRecord['findings']['gaps'][number];
