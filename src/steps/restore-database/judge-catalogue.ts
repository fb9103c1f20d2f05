import { sayDifference } from '../../backups/catalogue.ts';
import { shorten } from '../../backups/compare-inventories.ts';
import { formatCount } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed, skipped } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import { manifestFact, restoredFact } from '../../kinds/facts.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { catalogueFact } from '../../kinds/rights-facts.ts';

const mostShown = 8;

/** What the restored database is made of against what the producer's was: objects, owners, grants, settings, definitions. */
export function judgeCatalogue(context: StepContext): readonly Check[] {
  const manifest = readFact(manifestFact, context);
  if (manifest === undefined) return [];
  if (manifest.catalogue === undefined)
    return [
      skipped(
        'the catalogue was not compared: the manifest has no fingerprint of it; a newer `thaw backup` writes one',
      ),
    ];
  const compared = readFact(catalogueFact, context);
  if (compared === undefined) return [];
  const { notCompared, explained, unclear } = compared;
  return [
    judgeDifferences(context, compared),
    ...(unclear.length === 0
      ? []
      : [
          couldNotVerify(
            `${unclear.length} expressions are written otherwise by this version of PostgreSQL, or are others: ${shorten(unclear.map(sayDifference), mostShown)}`,
            'Compare them by hand, or restore on the version of the backup.',
          ),
        ]),
    ...(explained.length === 0
      ? []
      : [
          skipped(
            `of the catalogue, what was left out by decision differs: ${shorten(
              explained.map(({ what, why }) => `${what} (${why})`),
              mostShown,
            )}`,
          ),
        ]),
    ...(notCompared.length === 0
      ? []
      : [
          skipped(
            `of the catalogue was not compared: ${notCompared.map(({ section, why }) => `${section} (${why})`).join('; ')}`,
          ),
        ]),
  ];
}

type Compared = NonNullable<ReturnType<typeof catalogueFact.schema.parse>>;

function judgeDifferences(context: StepContext, compared: Compared): Check {
  const { trial, equal, expected, differences, differing } = compared;
  const count = ({ sections, objects }: Compared['equal']) =>
    `${formatCount(objects)} objects in ${sections} sections`;
  if (differing === 0) {
    const how = trial ? ' (owners and grants as tried)' : '';
    const text =
      equal.sections === expected.sections
        ? `the catalogue equals the manifest: ${count(equal)}${how}`
        : `of the catalogue, ${count(equal)} of ${count(expected)} equal the manifest${how}`;
    return { ...passed(text), expected: count(expected), actual: count(equal) };
  }
  const words = shorten(differences.map(sayDifference), mostShown);
  const text = `the catalogue differs from the manifest in ${formatCount(differing)}: ${words}`;
  const accepted = readFact(restoredFact, context)?.acceptedMessages.length ?? 0;
  const check =
    accepted > 0
      ? couldNotVerify(
          `${text}; messages that were accepted may explain it`,
          'Mend what the messages speak of, or compare by hand.',
        )
      : failed(
          text,
          'Do not go on with this snapshot before you know why; the output of this step and the catalogue of the source tell.',
        );
  return { ...check, expected: count(expected), actual: `${formatCount(differing)} differ: ${words}` };
}
