import { defaultLogFolder, type OptionName, optionOf, vocabulary } from '../../app/options.ts';
import { type Command, firstCommand } from '../../commands/command.ts';
import { type Offer, offerOf, placesOf, readSpec } from './spec.ts';

/**
 * Completions for fish from version 3.0 on: one line a word, an option, an operand, each with the condition under which it is offered.
 *
 * @param ownRunbooks the folder of the runbooks that come along.
 */
export function renderFish(commands: readonly Command[], ownRunbooks: string): string {
  const { firstWords, actions, withValue } = readSpec(commands);
  const used = [...new Set(commands.flatMap(({ options }) => options))];
  return [
    '# fish completion for thaw, written by `thaw completions fish`; do not edit.',
    '',
    machine({
      withValue: withValue.map((name) => fishQuote(`--${optionOf(name).flag}`)).join(' '),
      withAction: actions.map(({ word }) => fishQuote(word)).join(' '),
      firstWords: fishQuote(firstWords.map(({ word }) => word).join(' ')),
      ownRunbooks: fishQuote(ownRunbooks),
    }),
    'complete -c thaw -f',
    ...firstWords.map(({ word, about }) => line(`__thaw_in ${firstCommand}`, offering([word], about))),
    ...actions.flatMap(({ word, of }) =>
      of.map((action) => line(`__thaw_in ${word}`, offering([action.word], action.about))),
    ),
    ...used.map((name) => optionLine(name, commands)),
    ...commands.flatMap((command) =>
      placesOf(command).flatMap((operand, place) => {
        const offered = argumentsOf(offerOf(operand));
        if (offered === '') return [];
        const when = `__thaw_at ${fishQuote(command.name)} ${place}`;
        return [line(when, `${offered} -d ${fishQuote(operand.word)}`)];
      }),
    ),
    '',
  ].join('\n');
}

function optionLine(name: OptionName, commands: readonly Command[]): string {
  const { flag, short, help, value } = optionOf(name);
  const owners = commands.filter(({ options }) => options.includes(name));
  const when = `__thaw_in ${owners.map((command) => fishQuote(command.name)).join(' ')}`;
  const named = `-l ${flag}${short === undefined ? '' : ` -s ${short}`}`;
  const offer = offerOf(optionOf(name));
  // -x: a value, and no file for it; -r with -F: a value that is a file.
  const behind =
    value === undefined ? '' : offer === 'file' ? ' -r -F' : ` -x ${argumentsOf(offer)}`.trimEnd();
  return line(when, `${named}${behind} -d ${fishQuote(help)}`);
}

function argumentsOf(offer: Offer): string {
  if (typeof offer !== 'string') return `-a ${fishQuote(offer.words.join(' '))}`;
  return {
    file: '-F',
    folder: "-a '(__fish_complete_directories)'",
    runbook: "-a '(__thaw_runbooks)'",
    run: "-a '(__thaw_runs)'",
    command: "-a '(__thaw_first_words)'",
    nothing: '',
  }[offer];
}

function offering(words: readonly string[], about: string): string {
  return `-a ${fishQuote(words.join(' '))} -d ${fishQuote(about)}`;
}

function line(when: string, what: string): string {
  return `complete -c thaw -n ${fishQuote(when)} ${what}`;
}

/** Between single quotes fish knows two escapes: of the quote, and of the backslash. */
function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

const machine = (lists: {
  readonly withValue: string;
  readonly withAction: string;
  readonly firstWords: string;
  readonly ownRunbooks: string;
}) => `# The words that are neither options nor their values.
function __thaw_words
    set -l swallowed no
    for word in (commandline -opc)[2..-1]
        if test $swallowed = yes
            set swallowed no
        else if contains -- $word ${lists.withValue}
            set swallowed yes
        else if not string match -q -- '-*' $word
            echo -- $word
        end
    end
end

function __thaw_command
    set -l words (__thaw_words)
    if test (count $words) = 0
        echo ${firstCommand}
    else if contains -- $words[1] ${lists.withAction}; and test (count $words) -gt 1
        echo "$words[1] $words[2]"
    else
        echo -- $words[1]
    end
end

function __thaw_in
    contains -- (__thaw_command) $argv
end

# At an operand of a command, the first being 0.
function __thaw_at
    set -l command (__thaw_command)
    test "$command" = "$argv[1]"
    and test (count (__thaw_words)) = (math (count (string split ' ' -- $command)) + $argv[2])
end

function __thaw_runbooks
    for file in runbooks/*.yaml ~/.config/thaw/*.yaml /etc/thaw/*.yaml ${lists.ownRunbooks}*.yaml
        string replace -r '.*/' '' -- $file | string replace -r '\\.yaml$' ''
    end
    # A runbook may be a path, too.
    string match -qr '[./]' -- (commandline -ct)
    and __fish_complete_suffix .yaml
end

function __thaw_first_words
    string split ' ' -- ${lists.firstWords}
end

function __thaw_runs
    set -l folder ${defaultLogFolder}
    set -l words (commandline -opc)
    set -l at (contains -i -- --${vocabulary.logFolder.flag} $words)
    and set folder $words[(math $at + 1)]
    for word in $words
        string match -q -- '--${vocabulary.logFolder.flag}=*' $word
        and set folder (string replace -r '^[^=]*=' '' -- $word)
    end
    for run in $folder/*T*Z-*/
        string replace -r '.*/([^/]+)/$' '$1' -- $run
    end
end
`;
