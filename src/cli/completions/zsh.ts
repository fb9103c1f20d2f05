import { defaultLogFolder, type OptionName, optionOf, vocabulary } from '../../app/options.ts';
import { type Command, firstCommand, type Operand } from '../../commands/command.ts';
import { type Offer, offerOf, quote, readSpec } from './spec.ts';

/**
 * A function for zsh's own completion system. The command is found among the words and taken out of them, so that `_arguments` sees
 * options and operands alone; it knows by itself which exclude each other and which may come again.
 *
 * @param ownRunbooks the folder of the runbooks that come along.
 */
export function renderZsh(commands: readonly Command[], ownRunbooks: string): string {
  const { firstWords, actions, withValue } = readSpec(commands);
  return [
    '#compdef thaw',
    '# zsh completion for thaw, written by `thaw completions zsh`; do not edit.',
    '',
    '_thaw_first_words() {',
    ...described(firstWords),
    '}',
    '',
    '_thaw_actions() {',
    '  case $1 in',
    ...actions.flatMap(({ word, of }) => [`    (${quote(word)})`, ...described(of), '      ;;']),
    '    (*) return 1 ;;',
    '  esac',
    '}',
    '',
    '_thaw_specs() {',
    '  case $1 in',
    ...commands.flatMap((command) => [
      `    (${quote(command.name)})`,
      '      specs=(',
      ...specsOf(command).map((spec) => `        ${quote(spec)}`),
      '      )',
      '      ;;',
    ]),
    '  esac',
    '}',
    '',
    `typeset -g _thaw_own_runbooks=${quote(ownRunbooks)}`,
    `typeset -ga _thaw_with_value=(${withValue.map((name) => `--${optionOf(name).flag}`).join(' ')})`,
    `typeset -ga _thaw_with_action=(${actions.map(({ word }) => word).join(' ')})`,
    '',
    machine,
  ].join('\n');
}

function described(words: readonly { readonly word: string; readonly about: string }[]): readonly string[] {
  return [
    '      local -a known=(',
    ...words.map(({ word, about }) => `        ${quote(`${word}:${about}`)}`),
    '      )',
    '      _describe -t commands command known',
  ];
}

function specsOf(command: Command): readonly string[] {
  const { options, operands, either } = command;
  const one = (name: OptionName) => {
    const { flag, short, help, value, repeats } = optionOf(name);
    const others = either
      .filter((group) => group.includes(name))
      .flatMap((group) => group.map((other) => `--${optionOf(other).flag}`))
      .filter((other) => other !== `--${flag}`);
    const excluded = [...others, ...(short === undefined ? [] : [`-${short}`, `--${flag}`])];
    const before = repeats === true ? '*' : excluded.length === 0 ? '' : `(${excluded.join(' ')})`;
    const about = `[${escaped(help).replaceAll(']', '\\]')}]`;
    const behind = value === undefined ? '' : `:${escaped(value)}:${action(offerOf(optionOf(name)))}`;
    return [
      `${before}--${flag}${value === undefined ? '' : '='}${about}${behind}`,
      ...(short === undefined ? [] : [`${before}-${short}${about}`]),
    ];
  };
  return [...options.flatMap(one), ...operands.flatMap(operandSpecs)];
}

/** `:word:action` for one operand, `*:word:action` for whatever comes from there on. */
function operandSpecs(operand: Operand<unknown>): readonly string[] {
  const { word, count } = operand;
  const behind = `:${escaped(word)}:${action(offerOf(operand))}`;
  if (count[1] > 2) return [`*${behind}`];
  return Array.from({ length: count[1] }, (_, index) => (index < count[0] ? behind : `:${behind}`));
}

function action(offer: Offer): string {
  if (typeof offer !== 'string') return `(${offer.words.join(' ')})`;
  return {
    file: '_files',
    folder: '_files -/',
    runbook: '_thaw_runbooks',
    run: '_thaw_runs',
    command: '_thaw_first_words',
    nothing: ' ',
  }[offer];
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll(':', '\\:').replaceAll('[', '\\[');
}

const machine = `_thaw_runbooks() {
  local -a names=(runbooks/*.yaml(N:t:r) \${XDG_CONFIG_HOME:-$HOME/.config}/thaw/*.yaml(N:t:r) /etc/thaw/*.yaml(N:t:r) \${_thaw_own_runbooks}*.yaml(N:t:r))
  compadd -a names
  # A runbook may be a path, too.
  [[ $PREFIX == *[./]* ]] && _files -g '*.yaml'
}

_thaw_runs() {
  local -a names=(\${log_dir}/*T*Z-*(N/:t))
  compadd -a names
}

_thaw() {
  local curcontext="$curcontext" log_dir=${defaultLogFolder} command= word
  local -a found specs
  local -i index most=1
  for ((index = 2; index < CURRENT && $#found < most; index++)); do
    word=$words[index]
    if [[ $word == -* ]]; then
      (($_thaw_with_value[(Ie)$word])) && ((index++))
    else
      found+=($index)
      (($_thaw_with_action[(Ie)$word])) && most=2
    fi
  done
  # The words are as they were typed, with their quotes.
  for ((index = 2; index < CURRENT; index++)); do
    case $words[index] in
      (--${vocabulary.logFolder.flag}) ((index + 1 < CURRENT)) && log_dir=\${(Q)words[index+1]} ;;
      (--${vocabulary.logFolder.flag}=*) log_dir=\${(Q)words[index]#*=} ;;
    esac
  done
  if (($#found == 0)); then
    _thaw_specs ${firstCommand}
    _arguments -S : $specs ':command:_thaw_first_words'
    return
  fi
  if (($#found < most)); then
    _thaw_actions $words[$found[1]]
    return
  fi
  command="$words[$found[1]]"
  (($#found == 2)) && command+=" $words[$found[2]]"
  for index in \${(On)found}; do
    words[index]=()
    ((CURRENT--))
  done
  _thaw_specs $command
  (($#specs > 0)) && _arguments -S : $specs
}

# Loaded by itself from a folder of $fpath, or read by a shell that starts.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _thaw "$@"
else
  compdef _thaw thaw
fi
`;
