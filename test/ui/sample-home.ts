import type { HomeView } from '../../src/session/home-view.ts';

/** One row of each kind, with everything a row may carry. */
export const sampleHome: HomeView = {
  host: 'crm-01',
  logFolder: 'restore-logs',
  advice: [],
  looking: false,
  rows: [
    {
      key: '2026-04-28T1448Z-port-nimara-crm-live',
      group: 'unfinished',
      mode: 'live',
      title: 'port-nimara-crm',
      words: 'stopped 12 min ago, at step 5 of 9, Restore PostgreSQL',
      about: ['Run 2026-04-28T1448Z-port-nimara-crm-live, begun 2026-04-28 14:48:00 UTC on crm-01.'],
      actions: [
        {
          choice: { kind: 'resume', runId: '2026-04-28T1448Z-port-nimara-crm-live' },
          mode: 'live',
          label: 'go on at step 5 of 9, Restore PostgreSQL',
          touches: [{ how: 'replace', what: 'port_nimara_crm at 10.0.0.5:5432' }],
        },
        {
          choice: { kind: 'read', runId: '2026-04-28T1448Z-port-nimara-crm-live' },
          label: 'look at what it did',
          touches: [{ how: 'touch', what: 'nothing' }],
        },
      ],
    },
    {
      key: 'runbooks/port-nimara-crm.yaml',
      group: 'runbook',
      title: 'port-nimara-crm',
      words: 'RTO 30 min · RPO 1 h · backups: newest 41 min old',
      about: ['Port Nimara CRM. Cold restore of the CRM on a clean host.'],
      actions: [
        {
          choice: { kind: 'start', runbook: 'runbooks/port-nimara-crm.yaml', mode: 'live' },
          mode: 'live',
          label: 'restore production',
          touches: [
            {
              how: 'replace',
              what: 'database port_nimara_crm at 10.0.0.5:5432, after you type its name',
            },
            { how: 'read', what: 'objects in backups at https://s3.example.org' },
          ],
        },
        {
          choice: { kind: 'start', runbook: 'runbooks/port-nimara-crm.yaml', mode: 'drill' },
          mode: 'drill',
          label: 'walk it on throwaway targets',
          touches: [{ how: 'use', what: 'database drill at 10.0.0.9:5432' }],
        },
        {
          choice: { kind: 'start', runbook: 'runbooks/port-nimara-crm.yaml', mode: 'tabletop' },
          mode: 'tabletop',
          label: 'talk it through',
          touches: [],
          disabledBecause: 'nobody is invited',
        },
      ],
    },
    {
      key: '2026-04-26T1000Z-port-nimara-crm-drill',
      group: 'record',
      mode: 'drill',
      when: '2026-04-26 10:00',
      title: 'port-nimara-crm',
      words: 'VERIFIED against the manifest · 12:31',
      verdict: 'passed',
      about: [],
      actions: [
        {
          choice: { kind: 'read', runId: '2026-04-26T1000Z-port-nimara-crm-drill' },
          label: 'look at what it did',
          touches: [],
        },
      ],
    },
    {
      key: '2026-03-26T1000Z-port-nimara-crm-drill',
      group: 'record',
      mode: 'drill',
      when: '2026-03-26 10:00',
      title: 'port-nimara-crm',
      words: 'FAILED · 31:02',
      verdict: 'failed',
      about: [],
      actions: [
        {
          choice: { kind: 'read', runId: '2026-03-26T1000Z-port-nimara-crm-drill' },
          label: 'look at what it did',
          touches: [],
        },
      ],
    },
  ],
};
