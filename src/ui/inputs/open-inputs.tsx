import { Box, useInput, usePaste } from 'ink';
import { type ReactElement, useRef, useState } from 'react';
import type { InputRequest } from '../../session/missing-input.ts';
import { type KeyPress, readKeys } from '../key-press.ts';
import type { Terminal } from '../lend-terminal.ts';
import { mountApp, type ScreenOptions } from '../mount-app.tsx';
import { Rows } from '../rows.tsx';
import { useFrameSize } from '../use-frame-size.ts';
import { inputsRows } from './inputs-rows.ts';
import { firstInputsState, pressInputKey } from './inputs-state.ts';

/** Asks a person for what the runbook misses. undefined: the person gave up, or the terminal is gone. */
export async function openInputs(request: {
  readonly inputs: InputRequest;
  readonly streams: Terminal;
  readonly options: ScreenOptions;
}): Promise<ReadonlyMap<string, string> | undefined> {
  const { inputs } = request;
  let given: readonly string[] | undefined;
  const { lost } = await mountApp({
    streams: request.streams,
    options: request.options,
    render: (done) => (
      <InputsScreen
        request={inputs}
        inline={request.options.inline}
        onEnd={(typed) => {
          given = typed;
          done();
        }}
      />
    ),
  });
  if (lost || given === undefined) return undefined;
  return new Map(inputs.missing.map(({ name }, index) => [name, given?.[index] ?? '']));
}

function InputsScreen(props: {
  readonly request: InputRequest;
  readonly inline: boolean;
  readonly onEnd: (typed: readonly string[] | undefined) => void;
}): ReactElement {
  const { request } = props;
  const size = useFrameSize(props.inline);
  const [state, setState] = useState(() => firstInputsState(request));
  const latest = useRef(state);
  const press = (key: KeyPress) => {
    const reaction = pressInputKey(request, { state: latest.current, press: key });
    latest.current = reaction.state;
    setState(reaction.state);
    if (reaction.end !== undefined) props.onEnd(reaction.end === 'given' ? reaction.state.typed : undefined);
  };
  useInput((input, key) => {
    for (const one of readKeys(input, key)) press(one);
  });
  usePaste((text) => press({ kind: 'text', text }));
  const rows = inputsRows({ request, state, size });
  const height = Math.max(1, size.rows - 1);
  return (
    <Box flexDirection="column" width={size.columns} height={height} overflow="hidden">
      <Rows rows={rows} width={size.columns} height={height} />
    </Box>
  );
}
