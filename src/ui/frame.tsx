import { Box } from 'ink';
import type { ReactElement } from 'react';
import type { Question } from '../ports/operator.ts';
import { endWords, goesOnWords, preflightWords } from '../session/words.ts';
import { footerRow } from './footer-row.ts';
import { bodyHeight, pageHeight, paneWidth, stepsBesideQuestion } from './geometry.ts';
import { headerRows } from './header-rows.ts';
import { overlayPage, type Page } from './overlay-rows.ts';
import { preflightRows } from './preflight-rows.ts';
import { QuestionPane } from './question-pane.tsx';
import { finishedRows } from './result-rows.ts';
import { blankRow, cutRow, endsRow, type Row, ruleRow, span, windowRows } from './row.ts';
import { OneRow, Rows } from './rows.tsx';
import { type Situation, settleState, shownStepId, smallestSize } from './screen-state.ts';
import { stepListRows, stepListWidth } from './step-list-rows.ts';
import { stepPane } from './step-pane-rows.ts';
import { modeSigns } from './theme.ts';
import { whereNow } from './where-now.ts';

type FrameProps = { readonly situation: Situation };

/** The whole screen for one moment: made of the view and of where the operator looks, and of nothing else. */
export function Frame(props: FrameProps): ReactElement {
  const { view, size } = props.situation;
  const situation = { ...props.situation, state: settleState(props.situation.state, view) };
  const width = size.columns;
  const where = whereNow(situation);
  if (where === 'too-small' || size.rows < smallestSize.rows || width < smallestSize.columns) {
    return <TooSmall situation={situation} />;
  }
  const shown = whereNow({ ...situation, state: withoutTyping(situation) });
  const asksBeside = view.question?.kind === shown && stepsBesideQuestion(size);
  const joint = shown === 'walk' || shown === 'reading' || asksBeside ? stepListWidth(width) : undefined;
  const tone = modeSigns[view.mode].tone;
  const rule = (glyph: '┬' | '┴') =>
    ruleRow({ width, tone, ...(joint === undefined ? {} : { joint: { at: joint, glyph } }) });
  return (
    <Box flexDirection="column" width={width} height={size.rows - 1} overflow="hidden">
      <Rows rows={[...headerRows({ view, width }), rule('┬')]} width={width} height={3} />
      <Body situation={situation} />
      <Rows rows={[rule('┴'), footerRow(situation)]} width={width} height={2} />
    </Box>
  );
}

function Body({ situation }: FrameProps): ReactElement {
  const { view, state, size } = situation;
  const shown = whereNow({ ...situation, state: withoutTyping(situation) });
  if (state.overlay !== undefined) {
    const page = overlayPage(state.overlay.kind, situation);
    return <PageBody page={page} scroll={state.overlay.scroll} situation={situation} />;
  }
  if (view.question !== undefined && shown === view.question.kind) {
    return <QuestionBody question={view.question} situation={situation} />;
  }
  if (shown === 'finished') {
    const page = { title: endWords(view.phase), rows: finishedRows({ view, width: size.columns }) };
    return <PageBody page={page} scroll={0} situation={situation} />;
  }
  if (shown === 'preflight') {
    const page = { title: preflightWords(view.checks), rows: preflightRows({ view, width: size.columns }) };
    const aside = `${view.checks.length} checks`;
    return <PageBody page={page} scroll={state.listScroll} situation={situation} aside={aside} />;
  }
  return <WalkBody situation={situation} />;
}

/** While text is typed in the footer, the body stays what it was. */
function withoutTyping({ state }: Situation): Situation['state'] {
  const { entry: _typed, ...rest } = state;
  return rest;
}

function WalkBody({ situation }: { readonly situation: Situation }): ReactElement {
  const { view, state, size } = situation;
  const height = bodyHeight(size);
  const stepId = shownStepId(state, view);
  const width = paneWidth(size);
  const { rows } = stepPane({ view, state, stepId, width, height });
  return (
    <Box flexDirection="row" height={height}>
      <StepList situation={situation} stepId={stepId} />
      <Box width={1} />
      <Rows rows={rows} width={width} height={height} />
    </Box>
  );
}

function StepList(props: {
  readonly situation: Situation;
  readonly stepId: string | undefined;
}): ReactElement {
  const { view, size } = props.situation;
  const height = bodyHeight(size);
  const width = stepListWidth(size.columns);
  const bar: readonly Row[] = Array.from({ length: height }, () => [span('│', 'line')]);
  return (
    <>
      <Rows
        rows={stepListRows({ view, shownId: props.stepId, width, height })}
        width={width}
        height={height}
      />
      <Rows rows={bar} width={1} height={height} />
    </>
  );
}

function QuestionBody(props: FrameProps & { readonly question: Question }): ReactElement {
  const { situation } = props;
  const pane = <QuestionPane question={props.question} situation={situation} />;
  if (!stepsBesideQuestion(situation.size)) return pane;
  return (
    <Box flexDirection="row" height={bodyHeight(situation.size)}>
      <StepList situation={situation} stepId={shownStepId(situation.state, situation.view)} />
      {pane}
    </Box>
  );
}

/** A page with a title that stays, and rows that scroll under it. */
function PageBody(props: {
  readonly page: Page;
  readonly scroll: number;
  readonly situation: Situation;
  readonly aside?: string;
}): ReactElement {
  const { size } = props.situation;
  const width = size.columns;
  const height = pageHeight(size);
  const seen = windowRows({ rows: props.page.rows, height, scroll: props.scroll });
  const total = props.page.rows.length;
  const place =
    total > height ? `rows ${seen.scroll + 1} to ${Math.min(total, seen.scroll + height)} of ${total}` : '';
  const aside = [props.aside ?? '', place].filter((text) => text !== '').join(' · ');
  const left: Row = [span(` ${props.page.title}`, 'strong')];
  const title = endsRow({ left, right: [span(aside === '' ? '' : `${aside} `, 'quiet')], width });
  return <Rows rows={[title, blankRow, ...seen.rows]} width={width} height={bodyHeight(size)} />;
}

function TooSmall({ situation }: { readonly situation: Situation }): ReactElement {
  const { size, state, view } = situation;
  const rows: readonly Row[] = [
    [
      span(
        `too small: have ${size.columns}x${size.rows}, need ${smallestSize.columns}x${smallestSize.rows}`,
        'strong',
      ),
    ],
    [span(goesOnWords(view))],
    [span(state.overlay?.kind === 'leave' ? 'y leave  ^C stop the run  esc stay' : 'q leave', 'key')],
    ...(state.notice === undefined ? [] : [[span(state.notice, 'unsure')]]),
  ];
  const shown = rows.slice(0, Math.max(1, size.rows - 1));
  return (
    <Box flexDirection="column" width={size.columns}>
      {shown.map((row) => (
        <OneRow key={row[0]?.text ?? ''} row={cutRow(row as Row, size.columns)} width={size.columns} />
      ))}
    </Box>
  );
}
