import { ownRunbooks, thawVersion } from '../app/installed.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { Command, Pages } from '../commands/command.ts';
import type { CommandGroup } from '../commands/list.ts';
import { renderBash } from './completions/bash.ts';
import { renderFish } from './completions/fish.ts';
import { renderZsh } from './completions/zsh.ts';
import { noSuchCommand } from './did-you-mean.ts';
import { renderHelp, renderOverview } from './help.ts';
import { renderCommandPage, renderFirstPage } from './man-page.ts';

/** Everything that is written about the commands, from their declarations and from nothing else. */
export function derivePages(groups: readonly CommandGroup[]): Pages {
  const commands = groups.flatMap((group) => group.commands);
  const render = { bash: renderBash, zsh: renderZsh, fish: renderFish };
  return {
    help: (words) => {
      if (words.length === 0) return succeed(renderOverview(groups));
      const named = findNamed(words, commands);
      return named.ok ? succeed(named.value.map(renderHelp).join('\n')) : named;
    },
    man: (words) => {
      const first = renderFirstPage(groups, thawVersion);
      const page = (command: Command) => renderCommandPage(command, thawVersion);
      if (words.length === 0) return succeed([first, ...commands.map(page)]);
      const named = findNamed(words, commands);
      return named.ok ? succeed(named.value.map(page)) : named;
    },
    completions: (shell) => render[shell](commands, ownRunbooks()),
    command: (wanted) => commands.find(({ name }) => name === wanted),
  };
}

/** `restore`, `restore crm`, `records sign`; for a word like `records` every one of its commands. */
function findNamed(words: readonly string[], commands: readonly Command[]): Outcome<readonly Command[]> {
  const [first = ''] = words;
  const whole = words.join(' ');
  const one = commands.find(({ name }) => name === whole) ?? commands.find(({ name }) => name === first);
  if (one !== undefined) return succeed([one]);
  const actions = words.length > 1 ? [] : commands.filter(({ name }) => name.startsWith(`${first} `));
  return actions.length > 0 ? succeed(actions) : fail(noSuchCommand(words, commands));
}
