import type { StepHandlers } from '../kinds/kind.ts';
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
import { openSecrets } from '../steps/open-secrets/open-secrets.ts';
import { recoverCluster } from '../steps/recover-cluster/recover-cluster.ts';
import { restoreDatabase } from '../steps/restore-database/restore-database.ts';
import { restoreFiles } from '../steps/restore-files/restore-files.ts';
import { restoreRoles } from '../steps/restore-roles/restore-roles.ts';
import { smokeChecklist } from '../steps/smoke-checklist/smoke-checklist.ts';
import { startServices } from '../steps/start-services/start-services.ts';
import { stopWriters } from '../steps/stop-writers/stop-writers.ts';
import { verifySecrets } from '../steps/verify-secrets/verify-secrets.ts';

/** Kind → handler. The compiler checks that none is missing. */
export const handlers: StepHandlers = {
  'choose-snapshot': chooseSnapshot,
  'stop-writers': stopWriters,
  fetch: fetchDump,
  decrypt: decryptDump,
  'restore-database': restoreDatabase,
  'mirror-objects': mirrorObjects,
  'restore-files': restoreFiles,
  'open-secrets': openSecrets,
  'verify-secrets': verifySecrets,
  'start-services': startServices,
  'smoke-checklist': smokeChecklist,
  'recover-cluster': recoverCluster,
  'bring-objects': bringObjects,
  'restore-roles': restoreRoles,
  'dns-records': dnsRecords,
  'smtp-probe': smtpProbe,
  diagnose,
  command: runCommand,
  'export-query': exportQuery,
  confirm,
};
