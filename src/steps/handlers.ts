import type { StepHandlers } from '../engine/step-handler.ts';
import { bringObjects } from './bring-objects.ts';
import { chooseSnapshot } from './choose-snapshot.ts';
import { confirm } from './confirm.ts';
import { decryptDump } from './decrypt.ts';
import { diagnose } from './diagnose.ts';
import { dnsRecords } from './dns-records.ts';
import { exportQuery } from './export-query.ts';
import { fetchDump } from './fetch.ts';
import { mirrorObjects } from './mirror-objects.ts';
import { openSecrets } from './open-secrets.ts';
import { recoverCluster } from './recover-cluster.ts';
import { restoreDatabase } from './restore-database.ts';
import { restoreFiles } from './restore-files.ts';
import { restoreRoles } from './restore-roles.ts';
import { runCommand } from './run-command.ts';
import { smokeChecklist } from './smoke-checklist.ts';
import { smtpProbe } from './smtp-probe.ts';
import { startServices } from './start-services.ts';
import { stopWriters } from './stop-writers.ts';
import { verifySecrets } from './verify-secrets.ts';

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
