import { describe, expect, it } from 'vitest';
import { couldNotVerify, failed } from '../../src/base/verdict.ts';
import { createFakeWorld } from '../fakes/fake-world.ts';
import { toyHandlers, toyStep } from './toy-handlers.ts';
import { toyRun } from './toy-run.ts';

const newer = { program: 'pg_restore', major: 18 } as const;

describe('The preflight of a walk', () => {
  it('puts all missing programs first and at once, with what each is for and what installs them, and looks again', async () => {
    const world = createFakeWorld();
    const { hostPrograms } = world;
    for (const program of ['gpg', 'rclone'] as const) hostPrograms.away.add(program);
    const steps = [toyStep('fetch'), toyStep('restore-database')];
    let isOld = true;
    const handlers = toyHandlers({
      fetch: { programs: () => [{ program: 'gpg' }, { program: 'tar' }, { program: 'rclone' }] },
      'restore-database': {
        check: async () =>
          isOld ? [{ ...failed('the archive is newer', 'Install it.'), lacks: newer }] : [],
      },
    });
    const asked: string[] = [];
    const { end, entries } = await toyRun({
      steps,
      handlers,
      world,
      answer: ({ id, body }) => {
        if (id !== 'preflight') return 'yes';
        asked.push(...body);
        // Somebody installs it elsewhere, and says so.
        hostPrograms.away.clear();
        isOld = false;
        return 'again';
      },
    });
    expect(end.kind).toBe('finished');
    const [first, second] = entries.filter((entry) => entry.kind === 'preflight-finished');
    expect(first?.checks[0]).toEqual({
      stepId: 'programs',
      verdict: 'failed',
      text: 'missing on this host (a distribution in memory): gpg: opens OpenPGP backups of a keyring, and encrypts new ones; rclone: reaches backup stores of kind rclone; pg_restore of PostgreSQL 18 or newer: reads and restores archives of pg_dump',
      remedy:
        'Run: install gpg && install rclone && install pg_restore (`thaw check` does it with --install, after a yes)',
    });
    // What the engine hands on between its parts is nobody's evidence.
    expect(first?.checks.some((check) => 'lacks' in check)).toBe(false);
    expect(asked[0]).toContain('install rclone');
    expect(second?.checks).toEqual([]);
  });

  it('goes on where whatever misses a program can do without it', async () => {
    const unsure = {
      ...couldNotVerify('its key cannot be tried', 'Install gpg.'),
      lacks: { program: 'gpg' } as const,
    };
    const { entries } = await toyRun({
      steps: [toyStep('fetch')],
      handlers: toyHandlers({ fetch: { check: async () => [unsure] } }),
    });
    const [preflight] = entries.filter((entry) => entry.kind === 'preflight-finished');
    expect(preflight?.checks.map(({ stepId, verdict }) => [stepId, verdict])).toEqual([
      ['programs', 'could-not-verify'],
      ['fetch', 'could-not-verify'],
    ]);
  });
});
