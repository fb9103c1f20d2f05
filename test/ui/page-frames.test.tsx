import { describe, expect, test } from 'vitest';
import { renderFrame } from './render-frame.tsx';
import { sampleChecks, sampleSummary, sampleView } from './sample-views.ts';

const page = (kind: 'help' | 'commands' | 'whole-step' | 'leave') =>
  `\n${renderFrame({ view: sampleView(), state: { overlay: { kind, scroll: 0 } } })}\n`;

describe('Pages', () => {
  test('the checks before the walk, what blocks first', () => {
    const view = sampleView({ phase: 'checking', checks: sampleChecks });
    expect(`\n${renderFrame({ view })}\n`).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       Before anything is touched: 1 blocker, 1 not verified, 1 checking     6 checks

       ✗ failed            /var/lib/thaw has 1.2 GB free and 3.4 GB are needed
                           → Free 2.2 GB, or name another folder with --work-folder.
       ? could not verify  The age of the newest snapshot: the bucket lists no
                           manifest
                           → Open the backup job and look when it last ran.
       ▸ checking          s3://backups/pg
       ✓ passed            Runbook port-nimara-crm is read and linted
       ✓ passed            pg_restore 17.2 reads archives of pg_dump 17
       ✓ passed            postgres 10.0.0.5:5432 answers as 17.2, cluster #7412…3391







      ────────────────────────────────────────────────────────────────────────────────
       ↑↓ PgUp PgDn scroll  n note  @ commands  ! shell  ? help  q leave
      "
    `);
  });

  test('the help where one is', () => {
    expect(page('help')).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       Keys: the walk                                              rows 1 to 16 of 35

       tab        answer the question  Goes back to the question that waits. Not
                                       now: nothing is asked.
       ↑↓         step                 Looks at another step; f comes back to the
                                       step in hand.
       PgUp PgDn  scroll               Scrolls; Home and End go to the beginning and
                                       the end.
       enter      whole step           Shows everything about this step on the whole
                                       screen.
       /          search               Searches the output; [ and ] go to the match
                                       before and after.
       [ ]        match                Goes to the match before and after. Not now:
                                       nothing is searched for.
       &          filter               Shows only the output lines that contain a
                                       text.
       f          follow               Comes back to the step in hand and follows
                                       its output. Not now: already following.
      ────────────────────────────────────────────────────────────────────────────────
       ↑↓ PgUp PgDn scroll  esc back
      "
    `);
  });

  test('the commands of all steps', () => {
    expect(page('commands')).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       Commands of all steps, as they run

       1 Stop writers
         $ docker compose --project-name crm stop web worker scheduler

       5 Restore PostgreSQL
         $ pg_restore --jobs 2 --no-owner --no-privileges --exit-on-error --dbname
           port_nimara_crm__restore_0742










      ────────────────────────────────────────────────────────────────────────────────
       ↑↓ PgUp PgDn scroll  esc back
      "
    `);
  });

  test('one whole step', () => {
    expect(page('whole-step')).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       5 of 9  Restore PostgreSQL                                  rows 1 to 16 of 22

       Restores the dump into port_nimara_crm__restore_0742, beside the database in
       use. The swap comes later and asks first.
       $ pg_restore --jobs 2 --no-owner --no-privileges --exit-on-error --dbname
         port_nimara_crm__restore_0742

       entries  ████████████████████████░░░░░░░░░░░░░░  128 of 201 · about 2:50 left

       output  restore-logs/run/restore-database.log
       14:55:28 data for public.table_001
       14:55:29 data for public.table_002
       14:55:30 data for public.table_003
       14:55:31 data for public.table_004
       14:55:32 data for public.table_005
       14:55:33 data for public.table_006
       14:55:34 data for public.table_007
       14:55:35 data for public.table_008
      ────────────────────────────────────────────────────────────────────────────────
       ↑↓ PgUp PgDn scroll  esc back
      "
    `);
  });

  test('before leaving', () => {
    expect(page('leave')).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       Leave the screen?

       In hand, and it keeps running without the screen:
         ▸ 5 Restore PostgreSQL  now 5:34
         ▸ 6 Mirror objects  now 5:34

         y       Leaves the screen. The run is a process of its own, and goes on to
                 its next question, and waits there.
         Ctrl+C  Pressed again, stops the run at its next safe point. Nothing is cut
                 off; it can be resumed.
         esc     Stays here; nothing happens.







      ────────────────────────────────────────────────────────────────────────────────
       y leave the screen  ^C stop the run  esc stay
      "
    `);
  });

  test('the end', () => {
    const view = sampleView({ phase: 'finished', summary: sampleSummary });
    expect(`\n${renderFrame({ view })}\n`).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       The walk is over

      thaw  LIVE  port-nimara-crm   VERIFIED against the manifest   28:11 of 30:00
      RTO, loss 41 min of 1 h
      9 of 9 steps · 61 tables, 5,004 objects, ENCRYPTION_KEY proven · 2 items
      attested
      could not verify: Documenso webhook (no receipt within 5 min)
      record  restore-logs/2026-04-28T1448Z-port-nimara-crm-live/record.md   head
      4f1c…









      ────────────────────────────────────────────────────────────────────────────────
       any key leaves
      "
    `);
  });

  test('a note being typed leaves the picture as it is', () => {
    const entry = { purpose: 'note', label: 'Note:', text: 'pooler drained' } as const;
    const typing = renderFrame({ view: sampleView(), state: { entry } }).split('\n');
    const before = renderFrame({ view: sampleView() }).split('\n');
    expect(typing.slice(0, -1)).toEqual(before.slice(0, -1));
    expect(typing.at(-1)).toMatchInlineSnapshot(
      `" Note: pooler drained█                                     enter send  esc back"`,
    );
  });

  test('a stop that was asked for stays in sight until it is there', () => {
    const frame = renderFrame({ view: sampleView(), state: { stopAsked: true } });
    expect(frame.split('\n').at(-1)).toMatch(/stopping at the next safe point .*q leave$/);
  });
});
