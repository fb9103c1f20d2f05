import { get } from 'node:http';
import { ageMs, type ProcessIdentity } from '../../platform/process-identity.ts';
import type { ServiceStatus } from '../../ports/services.ts';

const answerLimitMs = 2000;
/** How long a service may take to answer for the first time before it is called unhealthy. */
const startPeriodMs = 15_000;

export async function checkHealth(
  healthUrl: string,
  identity: ProcessIdentity,
): Promise<NonNullable<ServiceStatus['health']>> {
  if (await answersWell(healthUrl)) return 'healthy';
  return (await ageMs(identity)) < startPeriodMs ? 'starting' : 'unhealthy';
}

/** A connection of its own for each question: a kept one would hold up the end of the service. */
function answersWell(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(answerLimitMs) }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 300);
    });
    request.on('error', () => resolve(false));
  });
}
