import { formatSpan } from '../../../base/units.ts';
import { durationMs } from '../../../kinds/targets.ts';
import { handlers } from '../../../registry/kinds.ts';
import { canDrill } from '../../../runbook/can-drill.ts';
import type { Runbook } from '../../../runbook/schema.ts';
import type { HomeAction, HomeRow, Touch } from '../../../session/home-view.ts';
import { describePlaces, type Places } from './describe-places.ts';

/** A runbook as a row, with what each mode may touch. `newest` is what is known about its newest snapshot so far. */
export function runbookRow(request: {
  readonly group: 'runbook' | 'example';
  /** What one types for it. */
  readonly name: string;
  readonly path: string;
  readonly runbook: Runbook;
  readonly values: ReadonlyMap<string, string>;
  /** Undefined: nobody looks. */
  readonly newest: string | undefined;
}): HomeRow {
  const { group, name, path, runbook, values, newest } = request;
  const { rto, rpo } = runbook.objectives;
  const backups = newest === undefined ? '' : ` · backups: ${newest}`;
  return {
    key: path,
    group,
    // The name is short, unique, and what one types; the title stands where the row is opened.
    title: name,
    words: `RTO ${formatSpan(durationMs(rto))} · RPO ${formatSpan(durationMs(rpo))}${backups}`,
    about: [
      [`${runbook.title}.`, runbook.about?.trim() ?? ''].join(' ').trim(),
      `Restored within ${formatSpan(durationMs(rto))}, losing at most ${formatSpan(durationMs(rpo))}.${newest === undefined ? '' : ` Backups: ${newest}.`}`,
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
  const noDrill = !canDrill(about.runbook, handlers);
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
      touches: [{ how: 'touch', what: 'nothing: every step is shown and discussed, none is executed' }],
    },
  ];
}

function liveTouches(at: Places): HomeAction['touches'] {
  return [
    ...said('replace', { place: at.database, more: 'after its checks, and after you type its name' }),
    ...said('overwrite', { place: at.objects }),
    ...said('stop', { place: at.services, more: 'and starts them again' }),
    ...said('read', { place: at.backups }),
  ];
}

function drillTouches({ production, drill }: { readonly production: Places; readonly drill: Places }) {
  return [
    ...said('use', { place: drill.database, more: 'for a database of its own, removed at the end' }),
    ...said('use', { place: drill.objects }),
    ...said('read', { place: production.database }),
    ...said('read', { place: production.backups }),
    ...said('spare', { place: production.services }),
  ];
}

function said(
  how: Touch['how'],
  { place, more }: { readonly place: string | undefined; readonly more?: string },
): HomeAction['touches'] {
  if (place === undefined) return [];
  return [{ how, what: more === undefined ? place : `${place}, ${more}` }];
}
