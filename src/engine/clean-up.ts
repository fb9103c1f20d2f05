import { type Check, couldNotVerify, passed } from '../base/verdict.ts';
import { handlerOf } from '../kinds/handlers.ts';
import type { Engine } from './engine.ts';

/** What the steps made is taken away, the last one first; nothing decrypted stays behind. */
export async function cleanUp(
  run: Pick<Engine, 'steps' | 'handlers' | 'context' | 'folder' | 'stop'>,
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const step of run.steps.toReversed()) {
    const handler = handlerOf(run.handlers, step);
    if (handler.cleanUp !== undefined)
      checks.push(...(await handler.cleanUp(step, run.context(step, run.stop))));
  }
  const cleared = await run.folder.clearWork();
  checks.push(
    cleared.ok
      ? passed('decrypted files removed from this host')
      : couldNotVerify(
          `decrypted files may still be on this host: ${cleared.failure.message}`,
          cleared.failure.remedy,
        ),
  );
  return checks;
}
