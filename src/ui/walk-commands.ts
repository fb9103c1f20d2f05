import { stopAskedWords } from '../session/words.ts';
import { bodyHeight, paneWidth } from './geometry.ts';
import { findMatch, windowOutput } from './output-window.ts';
import { type Handlers, openEntry, say, stay, withAsked, withoutHold, withoutOverlay } from './react-to.ts';
import { type OverlayKind, type Reaction, type Situation, shownStepId } from './screen-state.ts';
import { stepPane } from './step-pane-rows.ts';

/** Looking around in the walk, and the pages over it. */
function selectStep({ state, view }: Situation, by: number): Reaction {
  const at = view.steps.findIndex((step) => step.id === shownStepId(state, view));
  const next = view.steps[Math.min(Math.max(0, at + by), view.steps.length - 1)];
  return next === undefined ? stay(state) : stay({ ...withoutHold(state), selectedId: next.id, filter: '' });
}

function follow({ state }: Situation): Reaction {
  const { selectedId: _released, ...rest } = withoutHold(state);
  return stay(rest);
}

export function goToMatch(situation: Situation, towards: 'start' | 'end'): Reaction {
  const { state, view, size } = situation;
  const stepId = shownStepId(state, view);
  const { output } = stepPane({ view, state, stepId, width: paneWidth(size), height: bodyHeight(size) });
  const found = output === undefined ? undefined : findMatch({ ...output, towards });
  if (found === undefined || stepId === undefined) {
    if (output === undefined || windowOutput(output).matches === 0) {
      return say(state, `No line contains “${state.search}”.`);
    }
    return say(
      state,
      `No line ${towards === 'end' ? 'after' : 'before'} this one contains “${state.search}”.`,
    );
  }
  return stay({ ...state, heldAt: found, selectedId: stepId });
}

function openOutput({ state, view }: Situation): Reaction {
  const id = shownStepId(state, view);
  const path = id === undefined ? undefined : view.details[id]?.outputPath;
  return path === undefined ? stay(state) : stay(state, { kind: 'open-file', path });
}

const openPage = (kind: OverlayKind) => (situation: Situation) =>
  stay({ ...situation.state, overlay: { kind, scroll: 0 } });

export const walkCommands = {
  'previous-step': (situation) => selectStep(situation, -1),
  'next-step': (situation) => selectStep(situation, 1),
  follow,
  search: ({ state }) => openEntry(state, { purpose: 'search', label: 'Search:', text: state.search }),
  filter: ({ state }) =>
    openEntry(state, { purpose: 'filter', label: 'Only lines with:', text: state.filter }),
  'previous-match': (situation) => goToMatch(situation, 'start'),
  'next-match': (situation) => goToMatch(situation, 'end'),
  clear: ({ state }) => stay({ ...withoutHold(state), search: '', filter: '' }),
  'open-output': openOutput,
  'open-shell': ({ state }) => stay(state, { kind: 'open-shell' }),
  note: ({ state }) => openEntry(state, { purpose: 'note', label: 'Note:', text: state.noteDraft }),
  'whole-step': openPage('whole-step'),
  commands: openPage('commands'),
  help: openPage('help'),
  result: openPage('result'),
  'ask-to-leave': (situation) =>
    // A record leaves nothing behind that would have to be asked about.
    situation.view.isRecord === true
      ? stay(situation.state, { kind: 'leave' })
      : openPage('leave')(situation),
  close: ({ state }) => stay(withoutOverlay(state)),
  leave: ({ state }) => stay(state, { kind: 'leave' }),
  stop: ({ state }) => {
    const after = { ...withoutOverlay(state), stopAsked: true };
    const notice = stopAskedWords;
    return state.stopAsked ? say(after, notice) : stay({ ...after, notice }, { kind: 'stop' });
  },
  repaint: ({ state }) => stay(state, { kind: 'repaint' }),
  suspend: ({ state }) => stay(state),
  'to-question': ({ state }) => stay(withAsked(state, { aside: false })),
  'to-steps': ({ state }) => stay(withAsked(state, { aside: true })),
} satisfies Handlers;
