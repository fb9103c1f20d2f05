import { formatSpan } from '../../../base/units.ts';
import { durationMs } from '../../../kinds/targets.ts';
import { canDrill } from '../../../runbook/can-drill.ts';
import type { Runbook } from '../../../runbook/schema.ts';
import type { HomeAction, HomeRow } from '../../../session/home-view.ts';
import { describePlaces, type Places } from './describe-places.ts';

/** A runbook as a row, with what each mode may touch. `newest` is what is known about its newest snapshot so far. */
export function runbookRow(request: {
  readonly key: string;
  readonly path: string;
  readonly runbook: Runbook;
  readonly values: ReadonlyMap<string, string>;
  readonly newest: string;
}): HomeRow {
  const { key, path, runbook, values, newest } = request;
  const { rto, rpo } = runbook.objectives;
  return {
    key,
    group: 'runbook',
    // The name is short, unique, and what one types; the title stands where the row is opened.
    title: runbook.name,
    words: `RTO ${formatSpan(durationMs(rto))} · RPO ${formatSpan(durationMs(rpo))} · backups: ${newest}`,
    about: [
      [`${runbook.title}.`, runbook.about?.trim() ?? ''].join(' ').trim(),
      `Restored within ${formatSpan(durationMs(rto))}, losing at most ${formatSpan(durationMs(rpo))}. Backups: ${newest}.`,
      ...(runbook.bring.length === 0 ? [] : [`Have at hand: ${runbook.bring.join('; ')}.`]),
    ],
    actions: actionsOf(path, { runbook, values }),
  };
}

function actionsOf(
  path: string,
  about: { readonly runbook: Runbook; readonly values: ReadonlyMap<string, string> },
): readonly HomeAction[] {
  const places = describePlaces(about.runbook, about.values);
  const noDrill = !canDrill(about.runbook);
  return [
    {
      choice: { kind: 'start', runbook: path, mode: 'live' },
      mode: 'live',
      label: 'restore production',
      touches: liveTouches(places.production),
    },
    {
      choice: { kind: 'start', runbook: path, mode: 'drill' },
      mode: 'drill',
      label: 'walk it on throwaway targets',
      touches: noDrill ? [] : drillTouches(places),
      ...(noDrill ? { disabledBecause: 'the runbook names no targets for a drill' } : {}),
    },
    {
      choice: { kind: 'start', runbook: path, mode: 'tabletop' },
      mode: 'tabletop',
      label: 'talk it through',
      touches: [{ how: 'touches', what: 'nothing: every step is shown and discussed, none is executed' }],
    },
  ];
}

function liveTouches(at: Places): HomeAction['touches'] {
  return [
    ...said('may replace', { place: at.database, more: 'after its checks, and after you type its name' }),
    ...said('may overwrite', { place: at.objects }),
    ...said('may stop', { place: at.services, more: 'and starts them again' }),
    ...said('only reads', { place: at.backups }),
  ];
}

function drillTouches({ production, drill }: { readonly production: Places; readonly drill: Places }) {
  return [
    ...said('may use', { place: drill.database, more: 'for a database of its own, removed at the end' }),
    ...said('may use', { place: drill.objects }),
    ...said('only reads', { place: production.database }),
    ...said('only reads', { place: production.backups }),
    ...said('leaves alone', { place: production.services }),
  ];
}

function said(
  how: string,
  { place, more }: { readonly place: string | undefined; readonly more?: string },
): HomeAction['touches'] {
  if (place === undefined) return [];
  return [{ how, what: more === undefined ? place : `${place}, ${more}` }];
}
