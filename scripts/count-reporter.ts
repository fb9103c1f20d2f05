import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * What a run of vitest came to: how many tests passed, and each failure with the first line of its message. A file that could not be
 * loaded, a server that could not start and a hook that failed have no failed test: each counts as one.
 */
export type Counts = {
  readonly passed: number;
  readonly failed: number;
  readonly failures?: readonly string[];
};

/** Where the counts are written. */
export const countsFile = 'THAW_TEST_COUNTS';

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const failures = [
      ...modules.flatMap(failuresIn),
      ...errors.map((error) => `an error outside of the tests: ${firstLine(error)}`),
    ];
    const passed = modules.flatMap((module) => [...module.children.allTests('passed')]).length;
    const counts: Counts = { passed, failed: failures.length, failures };
    writeFileSync(process.env[countsFile] ?? '', JSON.stringify(counts));
  }
}

function failuresIn(module: TestModule): readonly string[] {
  const path = relative(join(import.meta.dirname, '..'), module.moduleId);
  const said = [
    ...module.errors().map(firstLine),
    ...[...module.children.allSuites()].flatMap((suite) =>
      suite.errors().map((error) => `${suite.fullName}: ${firstLine(error)}`),
    ),
    ...[...module.children.allTests('failed')].map(
      (test) => `${test.fullName}: ${firstLine(test.result().errors?.[0])}`,
    ),
  ];
  if (said.length > 0) return said.map((text) => `${path} > ${text}`);
  return module.state() === 'failed' ? [`${path}: it does not say why`] : [];
}

function firstLine(error: Pick<SerializedError, 'message'> | undefined): string {
  return (
    stripVTControlCharacters(error?.message ?? '')
      .trim()
      .split('\n')[0] ?? ''
  ).slice(0, 300);
}
