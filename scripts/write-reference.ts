import { writeFileSync } from 'node:fs';
import { renderAttacks } from './render-attacks.ts';
import { renderCommands } from './render-commands.ts';
import { renderReference } from './render-reference.ts';
import { renderTroubleshooting } from './render-troubleshooting.ts';

// `npm run reference`: docs/reference.md, docs/commands.md and docs/troubleshooting.md from the code, docs/attacks.md from its tests. A test says when they are stale.
writeFileSync(new URL('../docs/reference.md', import.meta.url), renderReference());
writeFileSync(new URL('../docs/attacks.md', import.meta.url), renderAttacks());
writeFileSync(new URL('../docs/commands.md', import.meta.url), renderCommands());
writeFileSync(new URL('../docs/troubleshooting.md', import.meta.url), renderTroubleshooting());
