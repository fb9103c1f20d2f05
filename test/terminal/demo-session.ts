import { appendFileSync } from 'node:fs';
import type { Question } from '../../src/ports/operator.ts';
import type { View } from '../../src/session/view.ts';
import { createMemorySession, type MemorySession } from '../ui/memory-session.ts';
import { questions, sampleChecks, sampleOutput, sampleSummary, sampleView } from '../ui/sample-views.ts';

/**
 * A run that is only imagined, on a screen that is real: the compiled one, since Node strips types but knows no JSX.
 * Used by the tests of this folder: node demo-session.ts SCENE, where a scene is a word of `scenes`.
 *
 * What happens to the session is appended to the file DEMO_LOG, because it outlives the terminal.
 */
// The launcher does the same: the colour library decides while it is loaded, and does not know NO_COLOR.
if (process.env.NO_COLOR && process.env.FORCE_COLOR === undefined) process.env.FORCE_COLOR = '0';
process.env.NODE_ENV ??= 'production';

const built = new URL('../../dist/ui/', import.meta.url).href;
const { openScreen } = (await import(
  `${built}open-screen.js`
)) as typeof import('../../src/ui/open-screen.tsx');
const { printSummary } = (await import(
  `${built}print-summary.js`
)) as typeof import('../../src/ui/print-summary.ts');

const log = (event: object) => {
  const file = process.env.DEMO_LOG;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(event)}\n`);
};

const finish = (view: View): View => {
  const { question: _asked, ...rest } = view;
  return { ...rest, phase: 'finished', summary: sampleSummary, inHand: [] };
};

/** A step prints a line every 50 ms, as a restore does. */
function keepPrinting(session: MemorySession, count: number): Promise<void> {
  return new Promise((resolve) => {
    let printed = 0;
    const timer = setInterval(() => {
      printed += 1;
      session.change((view) => {
        const detail = view.details['restore-database'];
        if (detail === undefined) return view;
        const line = { atMs: view.nowMs, text: `later line ${printed} of this run` };
        const output = [...detail.output, line].slice(-2000);
        const details = { ...view.details, 'restore-database': { ...detail, output } };
        return { ...view, nowMs: view.nowMs + 50, details };
      });
      if (printed < count) return;
      clearInterval(timer);
      resolve();
    }, 50);
  });
}

function busyView(): View {
  const view = sampleView();
  const detail = view.details['restore-database'];
  if (detail === undefined) return view;
  const outputPath = process.env.DEMO_OUTPUT ?? detail.outputPath;
  return {
    ...view,
    details: { ...view.details, 'restore-database': { ...detail, output: sampleOutput(300), outputPath } },
  };
}

type Scene = {
  readonly first: View;
  readonly play: (session: MemorySession) => Promise<void>;
  /** Asked one after the other, each when the one before is answered. */
  readonly afterwards?: Question[];
};

const still: Scene['play'] = () => new Promise(() => undefined);

function asking(question: Question): Scene {
  return { first: sampleView({ question }), play: still };
}

const scenes: Readonly<Record<string, () => Scene>> = {
  still: () => ({ first: busyView(), play: still }),
  busy: () => ({
    first: busyView(),
    async play(session) {
      await keepPrinting(session, Number(process.env.DEMO_LINES ?? 60));
      log({ event: 'run-ended' });
      session.change(finish);
    },
  }),
  walk: () => ({
    first: sampleView({ phase: 'checking', checks: sampleChecks, question: questions.confirm }),
    play: still,
    afterwards: [
      questions['choose-row'],
      questions.failure,
      questions.failure,
      questions['type-name'],
      questions.attest,
    ],
  }),
  preflight: () => ({ first: sampleView({ phase: 'checking', checks: sampleChecks }), play: still }),
  choose: () => asking(questions.choose),
  'choose-row': () => asking(questions['choose-row']),
  'type-name': () => asking(questions['type-name']),
  confirm: () => asking(questions.confirm),
  attest: () => asking(questions.attest),
  failure: () => asking(questions.failure),
};

const scene = scenes[process.argv[2] ?? '']?.();
if (scene === undefined) throw new Error(`Name a scene: ${Object.keys(scenes).join(', ')}`);

const session = createMemorySession(scene.first, (event, change) => {
  log({ event: 'answer', ...event });
  const question = scene.afterwards?.shift();
  // The next question comes in the same moment, as it does after a step that had nothing to do.
  change((view) => (question === undefined ? finish(view) : { ...view, phase: 'walking', question }));
});
const watched = {
  ...session,
  note(text: string) {
    log({ event: 'note', text });
    session.note(text);
  },
  stop() {
    log({ event: 'stop' });
    session.change((view) => ({ ...finish(view), phase: 'stopped', summary: ['stopped, resumable'] }));
  },
};
const played = scene.play(session);
const { outcome } = await openScreen({
  session: watched,
  streams: { stdin: process.stdin, stdout: process.stdout },
  options: {
    inline: process.env.DEMO_INLINE === '1',
    color: process.env.FORCE_COLOR !== '0',
    ascii: process.env.DEMO_ASCII === '1',
  },
});
log({ event: 'screen-closed', outcome });
if (outcome === 'finished') printSummary(session.view(), (text) => process.stdout.write(text));
process.stdout.write(`outcome: ${outcome}\n`);
if (process.env.DEMO_STAY === '1') await played;
process.exit(0);
