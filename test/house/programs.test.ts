import { describe, expect, it } from 'vitest';
import { isKnownProgram, programs } from '../../src/base/programs.ts';
import { readSources } from './read-sources.ts';

const starts = readSources(['src']).flatMap(({ path, starts }) =>
  starts.map((start) => ({ ...start, path })),
);

/** Where no name stands, and why: whoever adds a file here says where its names come from. */
const without: Readonly<Record<string, string>> = {
  'src/adapters/process/execa-process-runner.ts': 'the port itself: its callers name the program',
  'src/adapters/process/process-failure.ts': 'the name of one that did not start',
  'src/app/begin-apart.ts': 'thaw itself',
  'src/app/prove-kit.ts': 'thaw itself, out of a kit',
  'src/commands/actions/schedule.ts': 'thaw itself, for a scheduler',
  'src/databases/postgres/archive-contents.ts': 'found by find-tool.ts, whose type knows the names',
  'src/databases/postgres/dump-database.ts': 'found by find-tool.ts',
  'src/databases/postgres/find-tool.ts': 'one of four names, by its type',
  'src/databases/postgres/pg-dump-tools.ts': 'found by find-tool.ts',
  'src/databases/postgres/program-place.ts': 'found by find-tool.ts, or in a container',
  'src/databases/postgres/restore-plain.ts': 'found by find-tool.ts',
  'src/databases/postgres/restrict-psql.ts': 'found by find-tool.ts',
  'src/databases/route/run-there.ts': 'in a container',
  'src/kinds/dump-facts.ts': 'the shape of a fact',
  'src/kinds/programs.ts': 'declared by kinds, by its type',
  'src/record/record-schema.ts': 'the shape of the record',
  'src/runbook/producer-schema.ts': 'a field of that name',
  'src/sandbox/start-program.ts': 'its callers name the program',
  'src/services/compose/compose-command.ts': 'one of the candidates of compose-program.ts',
  'src/services/compose/compose-program.ts': 'one of its candidates',
  'src/services/compose/find-project-files.ts': 'one of the candidates of compose-program.ts, or docker',
  'src/steps/command/kind.ts': 'what the runbook names',
  'src/steps/command/run-command.ts': 'what the runbook names',
  'src/steps/recover-cluster/kind.ts': 'declared, by its type',
  'src/steps/restore-database/kind.ts': 'declared, by its type',
  'src/steps/restore-database/restore-archive.ts': 'for people: pg_restore or psql',
  'src/ui/lend-terminal.ts': "the operator's own pager and shell",
};

describe('The table of programs (src/base/programs.ts)', () => {
  it('knows each program that the sources start', () => {
    const unknown = starts
      // What a route starts runs in a container, which brings it.
      .filter(({ path }) => !path.startsWith('src/databases/route/'))
      .filter(({ name }) => name !== undefined && !isKnownProgram(name))
      .map(({ path, line, name }) => `${path}:${line}: starts ${name}. Say in the table what brings it.`);
    expect(unknown).toEqual([]);
    const unnamed = new Set(starts.filter(({ name }) => name === undefined).map(({ path }) => path));
    const lost = [...unnamed].filter((path) => without[path] === undefined);
    expect(lost, 'These start what no name tells. Name it, or say above where the name comes from.').toEqual(
      [],
    );
    expect(Object.keys(without).filter((path) => !unnamed.has(path))).toEqual([]);
  });

  it('has no program that nothing starts', () => {
    const started = new Set(starts.map(({ name }) => name));
    expect(Object.keys(programs).filter((name) => !started.has(name))).toEqual([]);
  });
});
