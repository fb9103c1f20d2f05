// A service that needs no database, for the tests of what starts and stops services: `web` answers /health and can
// be made unwell, `once` ends at once and well, every other role only talks.
import { createServer } from 'node:http';

const role = process.argv[2] ?? 'worker';
const log = (text) => process.stdout.write(`${role}: ${text}\n`);

if (role === 'once') {
  log('done');
} else {
  let beat = 0;
  const talk = setInterval(() => log(`beat ${beat++}`), 100);
  let isWell = true;
  const server = createServer((request, response) => {
    if (request.url === '/fall-ill') isWell = false;
    response.statusCode = isWell || request.url !== '/health' ? 200 : 503;
    response.end('ok\n');
  });
  if (role === 'web') server.listen(Number(process.env.PORT), '127.0.0.1', () => log('listening'));
  process.on('SIGTERM', () => {
    if (process.env.DEAF === role) return;
    log('ending');
    clearInterval(talk);
    server.close();
    server.closeAllConnections();
  });
}
