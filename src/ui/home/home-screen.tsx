import { useApp, useInput, usePaste } from 'ink';
import { type ReactElement, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Home, HomeChoice } from '../../session/home-view.ts';
import { type KeyPress, readKeys } from '../key-press.ts';
import { useFrameSize } from '../use-frame-size.ts';
import { HomeFrame } from './home-frame.tsx';
import { firstHomeState, type HomeSituation, type HomeState, pressHomeKey } from './home-state.ts';

/** The living first page: what is there, the operator's keys, one choice at the end. It starts nothing by itself. */
export function HomeScreen(props: {
  readonly home: Home;
  readonly inline: boolean;
  readonly onChoice: (choice: HomeChoice) => void;
  readonly onLeave: () => void;
  readonly toLineStart: () => void;
}): ReactElement {
  const { home } = props;
  const subscribe = useCallback((listener: () => void) => home.subscribe(listener), [home]);
  const view = useSyncExternalStore(subscribe, () => home.view());
  const size = useFrameSize(props.inline);
  const { suspendTerminal } = useApp();
  const [state, setState] = useState<HomeState>(firstHomeState);
  // Keys can come faster than frames: each one starts from what the last one left.
  const latest = useRef<HomeSituation>({ state, view, size });
  latest.current = { state, view, size };
  const press = (key: KeyPress) => {
    const { state: next, effect } = pressHomeKey(latest.current, key);
    latest.current = { ...latest.current, state: next };
    setState(next);
    if (effect?.kind === 'choose') props.onChoice(effect.choice);
    if (effect?.kind === 'leave') props.onLeave();
    if (effect?.kind === 'repaint') void suspendTerminal(props.toLineStart);
  };
  useInput((input, key) => {
    for (const one of readKeys(input, key)) press(one);
  });
  usePaste((text) => press({ kind: 'text', text }));
  useInterrupt(props.onLeave);
  useArming(state.opened?.key, () => {
    latest.current = { ...latest.current, state: { ...latest.current.state, armed: true } };
    setState(latest.current.state);
  });
  return <HomeFrame situation={{ state, view, size }} />;
}

/** How long an opened row is on the screen before Enter may choose. */
const armAfterMs = 250;

function useArming(openedKey: string | undefined, arm: () => void): void {
  const latest = useRef(arm);
  latest.current = arm;
  useEffect(() => {
    if (openedKey === undefined) return undefined;
    const timer = setTimeout(() => latest.current(), armAfterMs);
    return () => clearTimeout(timer);
  }, [openedKey]);
}

/** A Ctrl+C that comes as a signal leaves as the key does. */
function useInterrupt(onInterrupt: () => void): void {
  useEffect(() => {
    process.on('SIGINT', onInterrupt);
    return () => {
      process.off('SIGINT', onInterrupt);
    };
  }, [onInterrupt]);
}
