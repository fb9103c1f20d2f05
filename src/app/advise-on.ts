import type { CommandContext } from './command-context.ts';

/** A dropped SSH connection takes the screen with it, not the run; tmux or screen would keep both. */
export function adviseOn(environment: CommandContext['environment']): readonly string[] {
  const remote = environment.SSH_CONNECTION || environment.SSH_TTY;
  if (!remote || environment.TMUX || environment.STY) return [];
  return [
    'This SSH session is not inside tmux or screen. If it drops, the run stops at its next question; `thaw resume` goes on.',
  ];
}
