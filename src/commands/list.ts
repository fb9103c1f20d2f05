import { ageKeyJoin } from './age-key-join.ts';
import { ageKeySplit } from './age-key-split.ts';
import { backup } from './backup.ts';
import { cell } from './cell.ts';
import { check } from './check.ts';
import type { Command } from './command.ts';
import { completions } from './completions.ts';
import { discard } from './discard.ts';
import { drill } from './drill.ts';
import { explain } from './explain.ts';
import { fingerprint } from './fingerprint.ts';
import { finish } from './finish.ts';
import { help } from './help.ts';
import { home } from './home.ts';
import { init } from './init.ts';
import { keysNew } from './keys-new.ts';
import { kit } from './kit.ts';
import { lint } from './lint.ts';
import { man } from './man.ts';
import { monitor } from './monitor.ts';
import { prune } from './prune.ts';
import { recordsExport } from './records-export.ts';
import { recordsList } from './records-list.ts';
import { recordsNote } from './records-note.ts';
import { recordsShow } from './records-show.ts';
import { recordsSign } from './records-sign.ts';
import { recordsTrend } from './records-trend.ts';
import { recordsVerify } from './records-verify.ts';
import { rehearse } from './rehearse.ts';
import { restore } from './restore.ts';
import { resume } from './resume.ts';
import { rollback } from './rollback.ts';
import { schedule } from './schedule.ts';
import { snapshots } from './snapshots.ts';
import { stop } from './stop.ts';
import { tabletop } from './tabletop.ts';
import { verify } from './verify.ts';
import { version } from './version.ts';

export type CommandGroup = { readonly title: string; readonly commands: readonly Command[] };

/** Every command there is, in the order in which help names them. Their work is loaded when one of them runs. */
export const commandGroups: readonly CommandGroup[] = [
  { title: 'A recovery', commands: [home, restore, resume, stop, rollback, finish, discard, check] },
  { title: 'Practice', commands: [rehearse, drill, tabletop] },
  { title: 'Backups', commands: [snapshots, backup, kit, verify, prune, monitor, schedule] },
  {
    title: 'Records',
    commands: [
      ...[recordsList, recordsShow, recordsVerify, recordsExport, recordsTrend, recordsNote],
      recordsSign,
    ],
  },
  { title: 'Runbooks and keys', commands: [init, lint, fingerprint, keysNew, cell, ageKeySplit, ageKeyJoin] },
  { title: 'The program', commands: [help, explain, version, completions, man] },
];

export const commandList: readonly Command[] = commandGroups.flatMap(({ commands }) => commands);
