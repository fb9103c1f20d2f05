import { Box, Text } from 'ink';
import SelectInput from 'ink-select-input';
import type { ReactElement } from 'react';
import type { Choice } from '../ports/operator.ts';
import { choiceRemark } from '../session/question-words.ts';
import { cutText } from './cells.ts';
import { useTheme } from './rows.tsx';

type Marker = { readonly isSelected?: boolean };
type Line = Marker & { readonly label: string };

function ChoiceMarker({ isSelected = false }: Marker): ReactElement {
  const theme = useTheme();
  return (
    <Box marginLeft={1} marginRight={1} flexShrink={0}>
      <Text {...theme.style('strong')}>{theme.print(isSelected ? '▸' : ' ')}</Text>
    </Box>
  );
}

/**
 * The choices of a question. What cannot be chosen stays in its place, dimmed, and says why.
 *
 * The list only draws: which choice is marked comes from the keymap like everything else. By itself it would read
 * the marked index from its last frame, so that Enter right behind an arrow, in one read from a slow line, would
 * take the choice before.
 */
export function ChoiceList(props: {
  readonly choices: readonly Choice[];
  readonly cursor: string | undefined;
  readonly width: number;
  readonly height: number;
}): ReactElement {
  const theme = useTheme();
  const { choices, width, height } = props;
  // The list hands only the label to what draws it, so that is the choice's value; the words are looked up by it.
  const items = choices.map(({ value }) => ({ value, label: value }));
  const byValue = new Map(choices.map((choice) => [choice.value, choice]));
  const ChoiceLine = ({ isSelected = false, label }: Line): ReactElement | null => {
    const choice = byValue.get(label);
    if (choice === undefined) return null;
    const tone = choice.disabledBecause !== undefined ? 'quiet' : isSelected ? 'strong' : 'plain';
    return (
      <Text wrap="truncate-end" {...theme.style(tone)}>
        {theme.print(cutText(describeChoice(choice), width - 4))}
      </Text>
    );
  };
  const marked = Math.max(
    0,
    choices.findIndex((choice) => choice.value === props.cursor),
  );
  return (
    <Box flexDirection="column" width={width} height={height} overflow="hidden" flexShrink={0}>
      <SelectInput
        key={marked}
        items={items}
        initialIndex={marked}
        limit={height}
        isFocused={false}
        indicatorComponent={ChoiceMarker}
        itemComponent={ChoiceLine}
      />
    </Box>
  );
}

function describeChoice(choice: Choice): string {
  const remark = choiceRemark(choice);
  if (remark === undefined) return choice.label;
  return choice.disabledBecause === undefined ? `${choice.label} (${remark})` : `${choice.label} – ${remark}`;
}
