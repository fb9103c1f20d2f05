/** Questions and answers are data: they can be shown on a screen, printed as a line, or answered by a flag. */

export type Choice = {
  readonly value: string;
  readonly label: string;
  /** Shown dimmed, with this reason, and not choosable. */
  readonly disabledBecause?: string;
  /** Choosing it asks for a reason first. */
  readonly needsReason?: boolean;
};

/** A table of rows to choose from; `cells` stand under `columns`. */
export type TableRow = Choice & { readonly cells: readonly string[]; readonly marked?: boolean };

type Asked = {
  /** Stable: `choose-snapshot`, `restore-database.swap`. `--answer ID=VALUE` answers it. */
  readonly id: string;
  readonly stepId?: string;
  /** A full sentence. */
  readonly title: string;
  /** What the operator should know before answering. */
  readonly body: readonly string[];
};

export type Question =
  | (Asked & { readonly kind: 'choose'; readonly choices: readonly Choice[]; readonly preferred?: string })
  | (Asked & {
      readonly kind: 'choose-row';
      readonly columns: readonly string[];
      /** How much each column matters: 0 is never cut, the highest goes first where it is narrow. By their order when left out. */
      readonly ranks?: readonly number[];
      readonly rows: readonly TableRow[];
      readonly preferred?: string;
      /** Said of the row under the cursor, by value. */
      readonly about: Readonly<Record<string, string>>;
    })
  /** The dangerous one: only the exact name goes on. `--confirm NAME` answers it. */
  | (Asked & {
      readonly kind: 'type-name';
      readonly name: string;
      readonly facts: readonly { readonly label: string; readonly value: string }[];
      /** What Enter will do, as a verb: swap. */
      readonly verb: string;
      /** A word that may be typed in place of the name: it replaces nothing, and the step goes on. */
      readonly instead?: { readonly value: string; readonly label: string };
    })
  /** Read it and say yes or no; yes is never the default. */
  | (Asked & {
      readonly kind: 'confirm';
      readonly verb: string;
      /** Whose word it is. `--yes` only agrees to go on; it never gives somebody's word. */
      readonly inNameOf?: string;
    })
  /** A person looked and says what was seen, with a note. */
  | (Asked & { readonly kind: 'attest' })
  /** A step failed: what now. */
  | (Asked & {
      readonly kind: 'failure';
      readonly remedy: string;
      readonly lastLines: readonly string[];
      readonly choices: readonly Choice[];
    });

export type Answer = {
  /** The chosen value, the typed name, 'yes' or 'no', 'passed' | 'failed' | 'skipped'. */
  readonly value: string;
  /** A reason or a note, where one was asked for. */
  readonly note?: string;
  /** Who answered: a person, an option of the command line, or the rehearsal itself. */
  readonly by: 'operator' | 'option' | 'rehearsal';
};
