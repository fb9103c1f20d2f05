import type { KnownFact } from '../kinds/fact.ts';
import type { StepHandlers } from '../kinds/handlers.ts';
import type { StepHandler } from '../kinds/kind.ts';
import { runbookSchemaOf } from '../runbook/schema.ts';
import { bringObjects } from '../steps/bring-objects/bring-objects.ts';
import { chooseSnapshot } from '../steps/choose-snapshot/choose-snapshot.ts';
import { runCommand } from '../steps/command/run-command.ts';
import { confirm } from '../steps/confirm/confirm.ts';
import { decryptDump } from '../steps/decrypt/decrypt.ts';
import { exportQuery } from '../steps/export-query/export-query.ts';
import { fetchDump } from '../steps/fetch/fetch.ts';
import { diagnose } from '../steps/mail/diagnose.ts';
import { dnsRecords } from '../steps/mail/dns-records.ts';
import { smtpProbe } from '../steps/mail/smtp-probe.ts';
import { mirrorObjects } from '../steps/mirror-objects/mirror-objects.ts';
import { recoverCluster } from '../steps/recover-cluster/recover-cluster.ts';
import { restoreDatabase } from '../steps/restore-database/restore-database.ts';
import { restoreFiles } from '../steps/restore-files/restore-files.ts';
import { restoreRoles } from '../steps/restore-roles/restore-roles.ts';
import { openSecrets } from '../steps/secrets/open-secrets.ts';
import { verifySecrets } from '../steps/secrets/verify-secrets.ts';
import { smokeChecklist } from '../steps/smoke-checklist/smoke-checklist.ts';
import { startServices } from '../steps/start-services/start-services.ts';
import { stopWriters } from '../steps/stop-writers/stop-writers.ts';

/** Every kind of step there is, one line each, in the order of the reference. */
const kinds: readonly StepHandler[] = [
  chooseSnapshot,
  stopWriters,
  fetchDump,
  decryptDump,
  restoreDatabase,
  mirrorObjects,
  restoreFiles,
  openSecrets,
  verifySecrets,
  startServices,
  smokeChecklist,
  recoverCluster,
  bringObjects,
  restoreRoles,
  dnsRecords,
  smtpProbe,
  diagnose,
  runCommand,
  exportQuery,
  confirm,
];

export const handlers: StepHandlers = Object.fromEntries(kinds.map((kind) => [kind.kind, kind]));

export const runbookSchema = runbookSchemaOf(handlers);

/** What any step may have left in a journal. */
export const knownFacts: readonly KnownFact[] = [...new Set(kinds.flatMap(({ gives = [] }) => gives))];
