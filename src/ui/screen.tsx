import { useApp, useInput, usePaste } from 'ink';
import { type ReactElement, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Session } from '../session/view.ts';
import { Frame } from './frame.tsx';
import { type KeyPress, readKeys } from './key-press.ts';
import { pressKey } from './press-key.ts';
import { arm } from './react-to.ts';
import {
  type Effect,
  openingState,
  type Reaction,
  type ScreenState,
  type Situation,
  settleState,
} from './screen-state.ts';
import { useFrameSize } from './use-frame-size.ts';

/** How long a question is on the screen before a key may answer it. */
const armAfterMs = 250;

type ScreenProps = {
  readonly session: Session;
  readonly inline: boolean;
  readonly onLeave: () => void;
  /** Gives the terminal away for as long as the file is read; says what went wrong, if anything did. */
  readonly openFile: (path: string) => Promise<string | undefined>;
  /** The same for a shell of the operator's own. */
  readonly openShell: () => Promise<string | undefined>;
  /** Ink draws from where the cursor stands: what was echoed meanwhile would push the first row aside. */
  readonly toLineStart: () => void;
};

/** The living screen: the session's view, the operator's keys, one frame. It starts nothing and waits for nothing. */
export function Screen(props: ScreenProps): ReactElement {
  const { session } = props;
  const subscribe = useCallback((listener: () => void) => session.subscribe(listener), [session]);
  const view = useSyncExternalStore(subscribe, () => session.view());
  const size = useFrameSize(props.inline);
  const [state, setState] = useState<ScreenState>(() => openingState(view));
  const situation: Situation = { state: settleState(state, view), view, size };
  // Keys can come faster than frames: each one starts from what the last one left, not from what is shown.
  const latest = useRef(situation);
  latest.current = situation;
  const take = (change: (now: Situation) => Reaction): readonly Effect[] => {
    const reaction = change(latest.current);
    latest.current = { ...latest.current, state: reaction.state };
    setState(reaction.state);
    return reaction.effects;
  };
  const reading = useRef(false);
  const say = (notice: string) => take((now) => ({ state: { ...now.state, notice }, effects: [] }));
  const carryOut = useEffects({ props, reading, say });
  const react = (change: (now: Situation) => Reaction) => {
    for (const effect of take(change)) carryOut(effect);
  };
  const press = (key: KeyPress) => react((now) => pressKey(now, key));
  useInput((input, key) => {
    for (const one of readKeys(input, key)) press(one);
  });
  usePaste((text) => press({ kind: 'text', text }));
  // Ctrl+C inside the pager or the shell comes here as a signal too. It belongs there, and must not end the run.
  useInterrupt(() => {
    if (!reading.current) press({ kind: 'key', name: 'ctrl-c', alone: true });
  });
  useArming(situation, () => react((now) => ({ state: arm(now.state), effects: [] })));
  return <Frame situation={situation} />;
}

function useEffects(request: {
  readonly props: ScreenProps;
  readonly reading: { current: boolean };
  readonly say: (notice: string) => void;
}): (effect: Effect) => void {
  const { props, say } = request;
  const { session } = props;
  const { suspendTerminal } = useApp();
  const lend = (use: () => Promise<string | undefined>) =>
    void suspendTerminal(async () => {
      request.reading.current = true;
      const said = await use();
      request.reading.current = false;
      props.toLineStart();
      if (said !== undefined) say(said);
    });
  return (effect) => {
    switch (effect.kind) {
      case 'answer':
        return session.answer(effect.questionId, effect.answer);
      case 'note':
        return session.note(effect.text);
      case 'stop':
        return session.stop();
      case 'leave':
        return props.onLeave();
      case 'repaint':
        // Giving the terminal away and taking it back draws every cell anew.
        return void suspendTerminal(props.toLineStart);
      case 'open-file':
        return lend(() => props.openFile(effect.path));
      case 'open-shell':
        return lend(props.openShell);
    }
  };
}

/** A Ctrl+C that comes as a signal, from another terminal, asks the same question as the key. */
function useInterrupt(onInterrupt: () => void): void {
  const latest = useRef(onInterrupt);
  latest.current = onInterrupt;
  useEffect(() => {
    const listener = () => latest.current();
    process.on('SIGINT', listener);
    return () => {
      process.off('SIGINT', listener);
    };
  }, []);
}

function useArming(situation: Situation, arm: () => void): void {
  const asked = situation.state.asked;
  const latest = useRef(arm);
  latest.current = arm;
  const appearance = asked === undefined ? undefined : `${asked.sent} ${asked.id}`;
  useEffect(() => {
    if (appearance === undefined) return undefined;
    const timer = setTimeout(() => latest.current(), armAfterMs);
    return () => clearTimeout(timer);
  }, [appearance]);
}
