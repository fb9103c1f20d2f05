import type { Choice } from '../ports/operator.ts';
import { type Attestation, attestations, closedWords } from '../session/question-words.ts';
import { answerWith, type Handlers, openEntry, say } from './react-to.ts';
import { choicesOf, type Reaction, type Situation } from './screen-state.ts';

/** A choice was taken: answered at once, or after its reason, or not at all when it cannot be taken. */
function takeChoice(situation: Situation, choice: Choice): Reaction {
  const { state } = situation;
  if (choice.disabledBecause !== undefined) {
    return say(state, closedWords(choice));
  }
  if (choice.needsReason !== true) return answerWith(situation, { value: choice.value });
  return openEntry(state, {
    purpose: 'reason',
    label: `${choice.label}, because:`,
    text: '',
    value: choice.value,
  });
}

function takeMarked(situation: Situation): Reaction {
  const { state, view } = situation;
  const choices = view.question === undefined ? [] : choicesOf(view.question);
  const choice = choices.find((one) => one.value === state.asked?.cursor);
  return choice === undefined ? say(state, 'Nothing is marked.') : takeChoice(situation, choice);
}

function attest(situation: Situation, value: Attestation): Reaction {
  const label = attestations.find((one) => one.value === value)?.asks ?? '';
  return openEntry(situation.state, { purpose: 'attest-note', label, text: '', value });
}

export const questionCommands = {
  'take-choice': takeMarked,
  'filter-rows': ({ state }) =>
    openEntry(state, { purpose: 'row-filter', label: 'Only rows with:', text: state.asked?.rowFilter ?? '' }),
  'confirm-name': (situation) => answerWith(situation, { value: situation.state.asked?.typed ?? '' }),
  decline: (situation) => answerWith(situation, { value: 'no' }),
  'say-yes': (situation) => answerWith(situation, { value: 'yes' }),
  'say-no': (situation) => answerWith(situation, { value: 'no' }),
  'attest-passed': (situation) => attest(situation, 'passed'),
  'attest-failed': (situation) => attest(situation, 'failed'),
  'attest-skipped': (situation) => attest(situation, 'skipped'),
} satisfies Handlers;
