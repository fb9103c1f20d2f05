import { defaultLogFolder, optionOf, vocabulary } from '../../app/options.ts';
import { type Command, firstCommand } from '../../commands/command.ts';
import { type Offer, offerOf, placesOf, quote, readSpec } from './spec.ts';

/**
 * A script for bash from version 4 on, without the package bash-completion. The tables are derived; the functions under them find
 * the command among the words, know which options swallow the next word, and offer what belongs where the cursor is.
 *
 * @param ownRunbooks the folder of the runbooks that come along.
 */
export function renderBash(commands: readonly Command[], ownRunbooks: string): string {
  const { firstWords, actions, withValue } = readSpec(commands);
  return [
    '# bash completion for thaw, written by `thaw completions bash`; do not edit.',
    '',
    ...table(
      '_thaw_actions',
      actions.map(({ word, of }) => arm(word, of.map((one) => one.word).join(' '))),
    ),
    ...table(
      '_thaw_options',
      commands.map(({ name, options }) =>
        arm(name, options.map((one) => `--${optionOf(one).flag}`).join(' ')),
      ),
    ),
    ...table(
      '_thaw_value',
      withValue.map((name) => arm(`--${optionOf(name).flag}`, sayOffer(offerOf(optionOf(name))))),
    ),
    ...table(
      '_thaw_operand',
      commands.flatMap((command) =>
        placesOf(command).map((operand, place) =>
          arm(`${command.name} ${place}`, sayOffer(offerOf(operand))),
        ),
      ),
    ),
    `_thaw_own_runbooks=${quote(ownRunbooks)}`,
    `_thaw_first_words=${quote(firstWords.map(({ word }) => word).join(' '))}`,
    '',
    machine,
  ].join('\n');
}

function table(name: string, arms: readonly string[]): readonly string[] {
  return [`${name}() {`, '  case "$1" in', ...arms, '  esac', '}', ''];
}

function arm(pattern: string, says: string): string {
  return `    ${quote(pattern)}) printf '%s' ${quote(says)} ;;`;
}

function sayOffer(offer: Offer): string {
  return typeof offer === 'string' ? offer : `words:${offer.words.join(' ')}`;
}

const machine = `_thaw() {
  local current previous index word kind command= log_dir=${defaultLogFolder} words=() places=0
  current="\${COMP_WORDS[COMP_CWORD]}"
  previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  COMPREPLY=()
  # Bash parts --name=value into three words.
  if [[ $current == '=' ]]; then
    current=
  elif [[ $previous == '=' ]]; then
    previous="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ $word != -* ]]; then
      [[ $word == '=' ]] || words+=("$word")
    elif [[ -n $(_thaw_value "$word") ]]; then
      [[ \${COMP_WORDS[index + 1]} == '=' ]] && ((index++))
      ((index++))
      if [[ $word == --${vocabulary.logFolder.flag} ]] && ((index < COMP_CWORD)); then log_dir="\${COMP_WORDS[index]}"; fi
    fi
  done
  if ((\${#words[@]} > 0)); then
    command="\${words[0]}"
    places=$((\${#words[@]} - 1))
    if [[ -n $(_thaw_actions "$command") ]] && ((places > 0)); then
      command="$command \${words[1]}"
      places=$((places - 1))
    fi
  fi
  kind="$(_thaw_value "$previous")"
  if [[ -n $kind ]]; then
    _thaw_offer "$kind" "$current" "$log_dir"
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$(_thaw_options "\${command:-${firstCommand}}")" -- "$current"))
  elif [[ -z $command ]]; then
    COMPREPLY=($(compgen -W "$_thaw_first_words" -- "$current"))
  elif [[ -n $(_thaw_actions "$command") ]]; then
    COMPREPLY=($(compgen -W "$(_thaw_actions "$command")" -- "$current"))
  else
    _thaw_offer "$(_thaw_operand "$command $places")" "$current" "$log_dir"
  fi
}

_thaw_offer() {
  local kind="$1" current="$2" log_dir="$3" file names=
  case "$kind" in
    words:*) names="\${kind#words:}" ;;
    command) names="$_thaw_first_words" ;;
    run)
      for file in "$log_dir"/*T*Z-*/; do
        file="\${file%/}"
        [[ -d $file ]] && names+=" \${file##*/}"
      done
      ;;
    runbook)
      for file in runbooks/*.yaml "\${XDG_CONFIG_HOME:-$HOME/.config}"/thaw/*.yaml /etc/thaw/*.yaml "$_thaw_own_runbooks"*.yaml; do
        [[ -f $file ]] || continue
        file="\${file##*/}"
        names+=" \${file%.yaml}"
      done
      ;;
  esac
  COMPREPLY=($(compgen -W "$names" -- "$current"))
  case "$kind" in
    folder) _thaw_paths -d "$current" ;;
    file) _thaw_paths -f "$current" ;;
    # A runbook may be a path, too.
    runbook) if [[ $current == *[./]* ]]; then _thaw_paths -f "$current"; fi ;;
  esac
}

# Line by line, so that a name may hold a blank.
_thaw_paths() {
  local path
  compopt -o filenames 2>/dev/null
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "$2")
}

complete -F _thaw thaw
`;
