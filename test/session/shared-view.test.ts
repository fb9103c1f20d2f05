import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRemoteSession, createViewTeller } from '../../src/session/shared-view.ts';
import type { OutputLine, View } from '../../src/session/view.ts';
import { questions, sampleView } from '../ui/sample-views.ts';

const walking = sampleView();
const [stepId = ''] = Object.keys(walking.details);

function withOutput(view: View, output: readonly OutputLine[]): View {
  const detail = view.details[stepId];
  if (detail === undefined) throw new Error('the sample has no such step');
  return { ...view, details: { ...view.details, [stepId]: { ...detail, output } } };
}

/** What goes through a socket comes out as another object that says the same. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value));

const mostLines = 5;

test('a remote session shows what the run shows, however much was printed between two looks', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 12 }), (counts) => {
      const tell = createViewTeller();
      let lines: readonly OutputLine[] = [];
      let printed = 0;
      let remote: ReturnType<typeof createRemoteSession> | undefined;
      for (const count of counts) {
        for (let line = 0; line < count; line += 1) {
          printed += 1;
          // The same words at the same time may come twice: they are two lines.
          lines = [...lines, { atMs: 0, text: `line ${printed % 3}` }].slice(-mostLines);
        }
        const view = withOutput(walking, lines);
        const change = sent(tell(view, 0));
        if (remote === undefined) remote = createRemoteSession({ first: change, say: () => {} });
        else remote.update(change);
        expect(remote.view()).toEqual(view);
      }
    }),
  );
});

test('an answered question is gone at once, and stays gone while the run has not heard the answer yet', () => {
  const asking = sampleView({ question: questions.confirm });
  const tell = createViewTeller();
  const said: unknown[] = [];
  const remote = createRemoteSession({ first: sent(tell(asking, 0)), say: (word) => said.push(word) });
  remote.note('first a note');
  remote.answer(questions.confirm.id, { value: 'yes', by: 'operator' });
  expect(said).toEqual([
    { kind: 'note', seq: 1, text: 'first a note' },
    { kind: 'answer', seq: 2, questionId: questions.confirm.id, value: 'yes' },
  ]);
  expect(remote.view().question).toBeUndefined();
  // What was on its way when the answer was given still asks.
  remote.update(sent(tell(asking, 1)));
  expect(remote.view().question).toBeUndefined();
  // Pressed twice: the second press answers nothing.
  remote.answer(questions.confirm.id, { value: 'yes', by: 'operator' });
  expect(said).toHaveLength(2);
  // Heard, and asked again or not taken: it is asked.
  remote.update(sent(tell(asking, 2)));
  expect(remote.view().question).toEqual(questions.confirm);
});
