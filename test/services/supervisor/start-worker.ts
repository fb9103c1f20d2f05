// Run as a program of its own, to be killed while it starts a service: node start-worker.ts CONTROL-FILE
import { openSupervisedServices } from '../../../src/services/supervisor/supervised-services.ts';

const services = openSupervisedServices({ controlFile: process.argv[2] ?? '' });
await services.start({ names: ['worker'], onLine: () => undefined });
// Lives on, so that only the test ends it.
setInterval(() => undefined, 1000);
