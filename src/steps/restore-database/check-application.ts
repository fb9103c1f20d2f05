import { type Check, failed } from '../../base/verdict.ts';
import type { CheckContext } from '../../kinds/kind.ts';
import { type Application, applicationUrl } from '../../operations/application-rights.ts';
import { productionServer } from '../../operations/open-targets.ts';

/** Of the application's URL: whether it can be read, and whether it is of the database that is restored. Nobody logs in with it yet. */
export function checkApplication(
  application: Application | undefined,
  context: CheckContext<'databases'>,
): readonly Check[] {
  const url = applicationUrl(context, application);
  if (url === undefined) return [];
  const { databaseName } = productionServer(context);
  if (url.userName === '')
    return [
      failed(
        "The application's URL cannot be read.",
        'Write `application.url` of this step as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or name the role alone (`application.role`).',
      ),
    ];
  return url.databaseName === databaseName
    ? []
    : [
        failed(
          `The application's URL leads to the database ${url.databaseName}, and ${databaseName} is restored.`,
          'Correct `application.url` in the runbook, or the settings of the application.',
        ),
      ];
}
