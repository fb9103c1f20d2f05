import { describe, expect, test } from 'vitest';
import { renderFrame } from './render-frame.tsx';
import { sampleDetail, sampleOutput, sampleSteps, sampleView } from './sample-views.ts';

describe('The walk', () => {
  test('two steps side by side, the one looked at with its bars and its output', () => {
    expect(`\n${renderFrame({ view: sampleView() })}\n`).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ───────────────────────────────────┬────────────────────────────────────────────
       ✓ 1 Stop writers       done  0:21 │ 5 of 9  Restore PostgreSQL           ▸ now
       ✓ 2 Choose snapshot    done  0:34 │ Restores the dump into
       ✓ 3 Fetch              done  1:02 │ port_nimara_crm__restore_0742, beside the
       ✓ 4 Decrypt            done  0:11 │ $ pg_restore --jobs 2 --no-owner --no-pri…
      ›▸ 5 Restore PostgreSQL  now  5:34 │
       ▸ 6 Mirror objects      now  5:34 │ entries  █████████████████░░░░░░░░░░  63 %
         7 Verify secrets                │          128 of 201 · about 2:50 left
         8 Start services                │ … 2 more rows: enter shows the whole step
         9 Smoke checklist               │
                                         │ ▸ also 6 Mirror obje…  █████████░░░ 77 %
                                         │   ? nothing has moved since 14:55:10
                                         │
                                         │ output 14 lines · following
                                         │ 14:55:37 data for public.table_010
                                         │ 14:55:38 data for public.table_011
                                         │ 14:55:39 data for public.table_012
                                         │ 14:55:40 data for public.table_013
                                         │ 14:55:41 data for public.table_014
      ───────────────────────────────────┴────────────────────────────────────────────
       ↑↓ step  / search  f follow  l log  n note  @ commands  ? help  q leave
      "
    `);
  });

  test('a finished step shows what was checked, what could not be verified first', () => {
    expect(
      `\n${renderFrame({ view: sampleView(), state: { selectedId: 'stop-writers' } })}\n`,
    ).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ───────────────────────────────────┬────────────────────────────────────────────
      ›✓ 1 Stop writers       done  0:21 │ 1 of 9  Stop writers                ✓ done
       ✓ 2 Choose snapshot    done  0:34 │ Stops every service that writes, and
       ✓ 3 Fetch              done  1:02 │ proves that nobody is connected.
       ✓ 4 Decrypt            done  0:11 │ $ docker compose --project-name crm stop…
       ▸ 5 Restore PostgreSQL  now  5:34 │
       ▸ 6 Mirror objects      now  5:34 │ ? could not verify: Connections through
         7 Verify secrets                │   the pooler cannot be seen from here
         8 Start services                │   → Look at the pooler itself.
         9 Smoke checklist               │ ✓ passed: 3 of 3 services stopped
                                         │ ✓ passed: 0 sessions on port_nimara_crm
                                         │
                                         │ ▸ also 5 Restore Pos…  ███████░░░░░ 63 %
                                         │ ▸ also 6 Mirror obje…  █████████░░░ 77 %
                                         │   ? nothing has moved since 14:55:10
                                         │
                                         │
                                         │
                                         │
      ───────────────────────────────────┴────────────────────────────────────────────
       ↑↓ step  / search  f follow  l log  n note  @ commands  ? help  q leave
      "
    `);
  });

  test('a stall is said in words', () => {
    expect(
      `\n${renderFrame({ view: sampleView(), state: { selectedId: 'mirror-objects' } })}\n`,
    ).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ───────────────────────────────────┬────────────────────────────────────────────
       ✓ 1 Stop writers       done  0:21 │ 6 of 9  Mirror objects               ▸ now
       ✓ 2 Choose snapshot    done  0:34 │ Copies every object that is missing or
       ✓ 3 Fetch              done  1:02 │ differs.
       ✓ 4 Decrypt            done  0:11 │
       ▸ 5 Restore PostgreSQL  now  5:34 │ objects  █████████████░░░░  3,871 of 5,004
      ›▸ 6 Mirror objects      now  5:34 │ bytes    286 MB
         7 Verify secrets                │          ? nothing has moved since
         8 Start services                │            14:55:10
         9 Smoke checklist               │
                                         │ ▸ also 5 Restore Pos…  ███████░░░░░ 63 %
                                         │
                                         │
                                         │
                                         │
                                         │
                                         │
                                         │
                                         │
      ───────────────────────────────────┴────────────────────────────────────────────
       ↑↓ step  / search  f follow  l log  n note  @ commands  ? help  q leave
      "
    `);
  });

  test('100 columns by 30 rows, a drill', () => {
    const size = { columns: 100, rows: 30 };
    expect(`\n${renderFrame({ view: sampleView({ mode: 'drill' }), size })}\n`).toMatchInlineSnapshot(`
      "
       DRILL  port-nimara-crm                             host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ███████░░░░░░░░░░░░░░░░░░░░░░░                   loss 41 min of 1 h RPO
      ────────────────────────────────────────────┬───────────────────────────────────────────────────────
       ✓ 1 Stop writers                done  0:21 │ 5 of 9  Restore PostgreSQL                      ▸ now
       ✓ 2 Choose snapshot             done  0:34 │ Restores the dump into port_nimara_crm__restore_0742,
       ✓ 3 Fetch                       done  1:02 │ beside the database in use. The swap comes later and
       ✓ 4 Decrypt                     done  0:11 │ asks first.
      ›▸ 5 Restore PostgreSQL           now  5:34 │ $ pg_restore --jobs 2 --no-owner --no-privileges --e…
       ▸ 6 Mirror objects               now  5:34 │
         7 Verify secrets                         │ entries  ████████░░░░░░  128 of 201 · about 2:50 left
         8 Start services                         │
         9 Smoke checklist                        │ ▸ also 6 Mirror objects  █████████░░░ 77 %
                                                  │   ? nothing has moved since 14:55:10
                                                  │
                                                  │ output 14 lines · following
                                                  │ 14:55:30 data for public.table_003
                                                  │ 14:55:31 data for public.table_004
                                                  │ 14:55:32 data for public.table_005
                                                  │ 14:55:33 data for public.table_006
                                                  │ 14:55:34 data for public.table_007
                                                  │ 14:55:35 data for public.table_008
                                                  │ 14:55:36 data for public.table_009
                                                  │ 14:55:37 data for public.table_010
                                                  │ 14:55:38 data for public.table_011
                                                  │ 14:55:39 data for public.table_012
                                                  │ 14:55:40 data for public.table_013
                                                  │ 14:55:41 data for public.table_014
      ────────────────────────────────────────────┴───────────────────────────────────────────────────────
       ↑↓ step  / search  f follow (already following)  l log  n note  @ commands  ? help  q leave
      "
    `);
  });

  test('the smallest terminal, a tabletop exercise', () => {
    const size = { columns: 60, rows: 16 };
    expect(`\n${renderFrame({ view: sampleView({ mode: 'tabletop' }), size })}\n`).toMatchInlineSnapshot(`
      "
       TABLETOP  port-nimara-crm   host crm-01 · postgres 10.0.0…
       elapsed 7:42 of 30:00 RTO           loss 41 min of 1 h RPO
      ──────────────────────────────┬─────────────────────────────
       ✓ 1 Stop writers  done  0:21 │ 5 of 9  Restore Pos…  ▸ now
       ✓ 2 Choose snaps… done  0:34 │ Restores the dump into
       ✓ 3 Fetch         done  1:02 │
       ✓ 4 Decrypt       done  0:11 │ entries  ███████░░░░░  63 %
      ›▸ 5 Restore Post…  now  5:34 │          128 of 201 · abou…
       ▸ 6 Mirror objec…  now  5:34 │ … 9 more rows: enter shows…
         7 Verify secre…            │
         8 Start servic…            │ output 14 lines · following
         9 Smoke checkl…            │ 14:55:40 data for public.t…
                                    │ 14:55:41 data for public.t…
      ──────────────────────────────┴─────────────────────────────
       ↑↓ step  / search  f follow  l log  ? help  q leave
      "
    `);
  });

  test('a terminal without Unicode', () => {
    expect(`\n${renderFrame({ view: sampleView(), ascii: true })}\n`).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 - postgres 10.0.0.5:5432 #7412~3391
       elapsed 7:42 of 30:00 RTO  ######....................   loss 41 min of 1 h RPO
      -----------------------------------+--------------------------------------------
       + 1 Stop writers       done  0:21 | 5 of 9  Restore PostgreSQL           > now
       + 2 Choose snapshot    done  0:34 | Restores the dump into
       + 3 Fetch              done  1:02 | port_nimara_crm__restore_0742, beside the
       + 4 Decrypt            done  0:11 | $ pg_restore --jobs 2 --no-owner --no-pri~
      >> 5 Restore PostgreSQL  now  5:34 |
       > 6 Mirror objects      now  5:34 | entries  #################..........  63 %
         7 Verify secrets                |          128 of 201 - about 2:50 left
         8 Start services                | ~ 2 more rows: enter shows the whole step
         9 Smoke checklist               |
                                         | > also 6 Mirror obje~  #########... 77 %
                                         |   ? nothing has moved since 14:55:10
                                         |
                                         | output 14 lines - following
                                         | 14:55:37 data for public.table_010
                                         | 14:55:38 data for public.table_011
                                         | 14:55:39 data for public.table_012
                                         | 14:55:40 data for public.table_013
                                         | 14:55:41 data for public.table_014
      -----------------------------------+--------------------------------------------
       ^v step  / search  f follow  l log  n note  @ commands  ? help  q leave
      "
    `);
  });

  test('over the promised time and loss', () => {
    const view = sampleView({ lossMs: 2 * 3_600_000, nowMs: sampleView().startedAtMs + 1_870_000 });
    const head = renderFrame({ view }).split('\n').slice(0, 2).join('\n');
    expect(`\n${head}\n`).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 31:10 of 30:00 RTO, over by 1:10  ████████   loss 2 h of 1 h RPO, over
      "
    `);
  });

  test('a step that failed shows the failure and its remedy', () => {
    const steps = sampleSteps().map((step) =>
      step.id === 'decrypt' ? { ...step, status: 'failed' as const, attempt: 2 } : step,
    );
    const failure = {
      message: 'Cannot decrypt 14.dump.gz.gpg: it is encrypted for key 0x9A41…77C2.',
      remedy: 'Bring the private key 0x9A41…77C2 and retry.',
    };
    const details = { decrypt: sampleDetail('decrypt', { failure, output: sampleOutput(3) }) };
    const view = sampleView({ steps, details, inHand: ['decrypt'] });
    expect(`\n${renderFrame({ view })}\n`).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ───────────────────────────────────┬────────────────────────────────────────────
       ✓ 1 Stop writers       done  0:21 │ 4 of 9  Decrypt        ✗ failed, attempt 2
       ✓ 2 Choose snapshot    done  0:34 │
       ✓ 3 Fetch              done  1:02 │ ✗ failed  Cannot decrypt 14.dump.gz.gpg:
      ›✗ 4 Decrypt                failed │           it is encrypted for key
       ▸ 5 Restore PostgreSQL  now  5:34 │           0x9A41…77C2.
       ▸ 6 Mirror objects      now  5:34 │ → Bring the private key 0x9A41…77C2 and
         7 Verify secrets                │   retry.
         8 Start services                │
         9 Smoke checklist               │ output 3 lines · following
                                         │ 14:55:39 data for public.table_001
                                         │ 14:55:40 data for public.table_002
                                         │ 14:55:41 data for public.table_003
                                         │
                                         │
                                         │
                                         │
                                         │
                                         │
      ───────────────────────────────────┴────────────────────────────────────────────
       ↑↓ step  / search  f follow  l log  n note  @ commands  ? help  q leave
      "
    `);
  });

  test('every state of a step has its own word', () => {
    const states = [
      'passed',
      'running',
      'interrupted',
      'could-not-verify',
      'failed',
      'skipped',
      'pending',
    ] as const;
    const steps = sampleSteps()
      .slice(0, 7)
      .map((step, index) => ({ ...step, status: states[index] ?? 'pending', durationMs: 61_000 }));
    const rows = renderFrame({ view: sampleView({ steps, inHand: [], details: {} }) })
      .split('\n')
      .slice(3, 10)
      .map((row) => row.slice(0, 35));
    expect(`\n${rows.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      ›✓ 1 Stop writers       done  1:01 
       ▸ 2 Choose snapshot     now  1:01 
       ? 3 Fetch             interrupted 
       ? 4 Decrypt            unverified 
       ✗ 5 Restore PostgreS…      failed 
       – 6 Mirror objects        skipped 
         7 Verify secrets                
      "
    `);
  });

  test('a terminal that is too small says what it has and what it needs', () => {
    expect(
      `\n${renderFrame({ view: sampleView(), size: { columns: 50, rows: 10 } })}\n`,
    ).toMatchInlineSnapshot(`
      "
      too small: have 50x10, need 60x16
      The run goes on.
      q leave
      "
    `);
  });
});
