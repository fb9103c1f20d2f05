import { describe, expect, test } from 'vitest';
import { renderFrame } from './render-frame.tsx';
import { questions, sampleSteps, sampleView } from './sample-views.ts';

const quiet = { steps: sampleSteps().slice(0, 4), inHand: [] };

describe('Questions', () => {
  test('a choice, with what cannot be chosen and why', () => {
    expect(
      `\n${renderFrame({ view: sampleView({ ...quiet, question: questions.choose }) })}\n`,
    ).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       Which key opens the dump?                                          step 4 of 4

       The dump is encrypted for two keys. Both are known here.

       ▸ 0x9A41…77C2 on the smart card
         0x1B02…90DE in the keyring – cannot be chosen: it expired on 2026-03-01
         Go on without decrypting (asks for a reason)











      ────────────────────────────────────────────────────────────────────────────────
       ↑↓ move  enter choose  tab steps  ? help  q leave
      "
    `);
  });

  test('a table of rows, the proposed one marked, the incomplete one with its reason', () => {
    expect(
      `\n${renderFrame({ view: sampleView({ ...quiet, question: questions['choose-row'] }) })}\n`,
    ).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       Which snapshot do you want to restore?                             step 2 of 4
       The newest complete one is marked.

          taken (UTC)       age       dump  objects  enc  manifest  verified
       ▸★ 2026-04-28 14:07  41 min  412 MB    5,004  gpg  yes       drill 04-26
          2026-04-28 13:07  1 h 41  411 MB    5,003  gpg  yes       -
          2026-04-28 12:07  2 h 41  411 MB    5,001  gpg  no        -
          2026-04-28 11:07  3 h 41     0 B        -  gpg  – incomplete

       ★ With 14:07 you lose what was written in the 41 minutes before the loss at
         14:48.







      ────────────────────────────────────────────────────────────────────────────────
       ↑↓ move  enter choose  / filter  tab steps  ? help  q leave
      "
    `);
  });

  test('the dangerous one before anything is typed, while two steps go on', () => {
    expect(
      `\n${renderFrame({ view: sampleView({ question: questions['type-name'] }) })}\n`,
    ).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       Do you want to swap the restored database into place?              step 5 of 9

       The old database is kept: thaw rollback puts it back.

         goes out   port_nimara_crm, 1.5 GB, last write 06:12:44 UTC
         comes in   port_nimara_crm__restore_0742, 1.4 GB, newest row 05:06:58 UTC
         checked    61 of 61 tables equal to the manifest, 38 sequences, 4 extensions
         kept as    port_nimara_crm__before_0742

       To swap, type the exact name  port_nimara_crm

       Type it here:  █
         nothing typed yet: enter does nothing




       ▸ meanwhile: 6 Mirror objects 3,871 of 5,004
      ────────────────────────────────────────────────────────────────────────────────
       enter swap  esc back, nothing happens  tab steps  ^C leave
      "
    `);
  });

  test('yes or no', () => {
    expect(
      `\n${renderFrame({ view: sampleView({ ...quiet, question: questions.confirm }) })}\n`,
    ).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       Do you want to begin the walk?

       Nine steps, the first one stops the writers. Nothing is changed before that.

         y  begin
         n  no, nothing happens












      ────────────────────────────────────────────────────────────────────────────────
       y begin  n no  tab steps  ? help  q leave
      "
    `);
  });

  test('what a person has to look at', () => {
    expect(`\n${renderFrame({ view: sampleView({ question: questions.attest }) })}\n`).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       Does a person who knows the system see last week’s reservations?   step 9 of 9

       Log in as a member of staff, open Reservations, and look at the week before.

         p  passed: it is as it should be
         f  failed: it is not; you say what you saw
         s  skipped: nobody looked; you say why










       ▸ meanwhile: 5 Restore PostgreSQL 128 of 201 · about 2:50 left; 6 Mirror obje…
      ────────────────────────────────────────────────────────────────────────────────
       p passed  f failed  s skipped  tab steps  ? help  q leave
      "
    `);
  });

  test('a failure', () => {
    expect(
      `\n${renderFrame({ view: sampleView({ question: questions.failure }) })}\n`,
    ).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm          host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ██████░░░░░░░░░░░░░░░░░░░░   loss 41 min of 1 h RPO
      ────────────────────────────────────────────────────────────────────────────────
       ✗ Decrypt failed                                                   step 4 of 9

       Cannot decrypt 14.dump.gz.gpg: it is encrypted for key 0x9A41…77C2, and the
       key at hand is 0x1B02…90DE.
       Nothing was changed: writers are stopped, the database is untouched.

       │ gpg: encrypted with rsa4096 key, ID 9A4177C2
       │ gpg: decryption failed: No secret key

       → Bring the private key 0x9A41…77C2 and retry.

       ▸ Retry the step
         Skip the step (asks for a reason)
         Stop here



       ▸ meanwhile: 5 Restore PostgreSQL 128 of 201 · about 2:50 left; 6 Mirror obje…
      ────────────────────────────────────────────────────────────────────────────────
       ↑↓ move  enter choose  l log  ! shell  tab steps  ? help  q leave
      "
    `);
  });

  test('a failure on a wide terminal, beside the steps', () => {
    const size = { columns: 120, rows: 24 };
    expect(
      `\n${renderFrame({ view: sampleView({ question: questions.failure }), size })}\n`,
    ).toMatchInlineSnapshot(`
      "
       LIVE  port-nimara-crm                                                  host crm-01 · postgres 10.0.0.5:5432 #7412…3391
       elapsed 7:42 of 30:00 RTO  ███████░░░░░░░░░░░░░░░░░░░░░░░                                       loss 41 min of 1 h RPO
      ──────────────────────────────────────────────┬─────────────────────────────────────────────────────────────────────────
       ✓ 1 Stop writers                  done  0:21 │ ✗ Decrypt failed                                           step 4 of 9
       ✓ 2 Choose snapshot               done  0:34 │
       ✓ 3 Fetch                         done  1:02 │ Cannot decrypt 14.dump.gz.gpg: it is encrypted for key 0x9A41…77C2,
      ›✓ 4 Decrypt                       done  0:11 │ and the key at hand is 0x1B02…90DE.
       ▸ 5 Restore PostgreSQL             now  5:34 │ Nothing was changed: writers are stopped, the database is untouched.
       ▸ 6 Mirror objects                 now  5:34 │
         7 Verify secrets                           │ │ gpg: encrypted with rsa4096 key, ID 9A4177C2
         8 Start services                           │ │ gpg: decryption failed: No secret key
         9 Smoke checklist                          │
                                                    │ → Bring the private key 0x9A41…77C2 and retry.
                                                    │
                                                    │ ▸ Retry the step
                                                    │   Skip the step (asks for a reason)
                                                    │   Stop here
                                                    │
                                                    │
                                                    │
                                                    │
      ──────────────────────────────────────────────┴─────────────────────────────────────────────────────────────────────────
       ↑↓ move  enter choose  l log (no output yet)  ! shell  tab steps  ? help  q leave
      "
    `);
  });

  test('a body too long for the terminal says how much is hidden, and the choices stay', () => {
    const body = Array.from(
      { length: 30 },
      (_, index) => `Line ${index + 1} of what should be known before.`,
    );
    const frame = renderFrame({ view: sampleView({ ...quiet, question: { ...questions.choose, body } }) });
    expect(frame).toMatch(/↓ \d+ more, PgDn/);
    expect(frame).toContain('▸ 0x9A41…77C2 on the smart card');
    expect(frame).toContain('Go on without decrypting');
  });

  test('keys that do not count yet are not shown', () => {
    const asked = { id: 'start', armed: false, aside: false, rowFilter: '', typed: '', scroll: 0, sent: 0 };
    const frame = renderFrame({ view: sampleView({ question: questions.confirm }), state: { asked } });
    expect(frame.split('\n')[22]).toBe('');
  });
});
