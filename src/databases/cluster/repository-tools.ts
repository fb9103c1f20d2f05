import { type Outcome, succeed } from '../../base/failure.ts';
import { shellLine } from '../../base/quoting.ts';
import type { ClusterDriver, ClusterPlace } from '../../ports/cluster-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { backrestArgs, infoArgs, readRepository, restoreArgs } from './backrest-repository.ts';
import type { Run } from './run-program.ts';
import { giveTo } from './run-program.ts';
import { findServerAccount } from './server-account.ts';

type RepositoryTools = Pick<
  ClusterDriver,
  'repository' | 'describeRepositoryRestore' | 'restoreFromRepository' | 'repositoryCommand'
>;

/** pgBackRest, run as the server's user. */
export function repositoryTools(run: Run, processes: ProcessRunner): RepositoryTools {
  return {
    async repository(config) {
      const ran = await run({
        program: 'pgbackrest',
        args: infoArgs(config),
        stallMs: 60_000,
        remedy: `Check the repository in ${config.configFile}.`,
      });
      return ran.ok ? readRepository(ran.value.stdout, config) : ran;
    },
    describeRepositoryRestore: (request) => shellLine(['pgbackrest', ...restoreArgs(request)]),
    async restoreFromRepository({ onLine, stallMs, signal, ...request }) {
      const handed = await handOverFolder(request.place, processes);
      if (!handed.ok) return handed;
      const ran = await run({
        program: 'pgbackrest',
        args: restoreArgs(request),
        onLine,
        stallMs,
        ...(signal === undefined ? {} : { signal }),
        remedy: 'Read its last lines; another backup of the repository may be whole.',
      });
      return ran.ok ? succeed(undefined) : ran;
    },
    repositoryCommand: (config, place) => {
      const words = shellLine(['pgbackrest', ...backrestArgs(config, place), 'archive-get']);
      // A percent sign in a name of ours is no placeholder of the server.
      return `${words.replaceAll('%', '%%')} %f "%p"`;
    },
  };
}

async function handOverFolder(place: ClusterPlace, processes: ProcessRunner): Promise<Outcome<void>> {
  const account = await findServerAccount();
  if (!account.ok) return account;
  if (account.value === undefined) return succeed(undefined);
  return giveTo(account.value, { processes, folders: [place.folder] });
}
