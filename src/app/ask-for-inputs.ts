import { askInputs } from '../plain/ask-inputs.ts';
import type { InputRequest } from '../session/missing-input.ts';
import {
  chooseAttendance,
  screenOptions,
  screenStreams,
  type TerminalContext,
  type TerminalOptions,
} from './terminal.ts';

/** undefined: nobody is there, or whoever is there gave up. */
export async function askForInputs(
  inputs: InputRequest,
  { options, context }: { readonly options: TerminalOptions; readonly context: TerminalContext },
): Promise<ReadonlyMap<string, string> | undefined> {
  await context.splash?.lift();
  switch (chooseAttendance(options, context)) {
    case 'unattended':
      return undefined;
    case 'elsewhere':
      return context.attendants?.askInputs(inputs);
    case 'lines-with-person':
      return askInputs({ inputs, input: context.stdin, output: context.stdout });
    case 'screen': {
      const { openInputs } = await import('../ui/inputs/open-inputs.tsx');
      return openInputs({
        inputs,
        streams: screenStreams(context),
        options: screenOptions(options, context),
      });
    }
  }
}
