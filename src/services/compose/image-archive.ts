import { PassThrough, type Readable } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import { succeed } from '../../base/failure.ts';
import type { ImageArchive } from '../../ports/services.ts';
import type { ComposeCommand } from './compose-command.ts';

/** Through the docker client. An image that a file names by its digest alone has that name in no archive: `present` tells afterwards. */
export function openImageArchive(compose: ComposeCommand): ImageArchive {
  return {
    async present(names) {
      const answers = await compose.ask(['version', '--format', '{{.Server.Version}}']);
      if (!answers.ok) return answers;
      const found = new Set<string>();
      for (const name of names) {
        const asked = await compose.docker(['image', 'inspect', '--format', '{{.Id}}', name]);
        if (!asked.ok) return asked;
        if (asked.value.exitCode === 0) found.add(name);
      }
      return succeed(found);
    },
    save: (names) => saveAll(compose, names),
    async load(file) {
      const loaded = await compose.work({ args: ['load', '--input', file] });
      return loaded.ok ? succeed(undefined) : loaded;
    },
  };
}

function saveAll(compose: ComposeCommand, names: readonly string[]): Readable {
  const content = new PassThrough({ highWaterMark: 1024 * 1024 });
  // Whoever reads it learns of the error; as an event nobody listens to it would end the program.
  content.on('error', () => {});
  const finish = async () => {
    const ran = await compose.work({ args: ['save', ...names], outputTo: content });
    if (content.destroyed) return;
    // Only the exit status says that the last image was whole.
    if (ran.ok) content.end();
    else content.destroy(createBodyError(ran.failure));
  };
  void finish();
  return content;
}
