import { Box, Text } from 'ink';
import SelectInput from 'ink-select-input';
import type { ReactElement } from 'react';
import type { Choice } from '../ports/operator.ts';
import { cutText } from './cells.ts';
import { useTheme } from './theme-context.ts';

type Marker = { readonly isSelected?: boolean };
type Line = Marker & { readonly label: string };

// The list hands only the label to what draws it, so a choice that cannot be taken carries its reason in there.
const reasonMark = ' – not now: ';

function ChoiceMarker({ isSelected = false }: Marker): ReactElement {
  const theme = useTheme();
  return (
    <Box marginLeft={1} marginRight={1} flexShrink={0}>
      <Text {...theme.style('strong')}>{theme.print(isSelected ? '▸' : ' ')}</Text>
    </Box>
  );
}

function ChoiceLine({ isSelected = false, label }: Line): ReactElement {
  const theme = useTheme();
  const tone = label.includes(reasonMark) ? 'quiet' : isSelected ? 'strong' : 'plain';
  return (
    <Text wrap="truncate-end" {...theme.style(tone)}>
      {theme.print(label)}
    </Text>
  );
}

/** The choices of a question. What cannot be chosen stays in its place, dimmed, and says why. */
export function ChoiceList(props: {
  readonly choices: readonly Choice[];
  readonly preferred?: string;
  readonly width: number;
  readonly height: number;
  readonly active: boolean;
  readonly onTake: (choice: Choice) => void;
}): ReactElement {
  const { choices, width, height } = props;
  const items = choices.map((choice) => ({
    key: choice.value,
    value: choice,
    label: cutText(describeChoice(choice), width - 4),
  }));
  return (
    <Box flexDirection="column" width={width} height={height} overflow="hidden" flexShrink={0}>
      <SelectInput
        items={items}
        initialIndex={firstIndex(props)}
        limit={height}
        isFocused={props.active}
        indicatorComponent={ChoiceMarker}
        itemComponent={ChoiceLine}
        onSelect={(item) => props.onTake(item.value)}
      />
    </Box>
  );
}

function describeChoice(choice: Choice): string {
  if (choice.disabledBecause !== undefined) return `${choice.label}${reasonMark}${choice.disabledBecause}`;
  return choice.needsReason === true ? `${choice.label} (asks for a reason)` : choice.label;
}

/** The preferred choice where it can be taken, or else the first that can. */
function firstIndex(request: { readonly choices: readonly Choice[]; readonly preferred?: string }): number {
  const open = (choice: Choice) => choice.disabledBecause === undefined;
  const preferred = request.choices.findIndex((choice) => choice.value === request.preferred && open(choice));
  return preferred !== -1 ? preferred : Math.max(0, request.choices.findIndex(open));
}
