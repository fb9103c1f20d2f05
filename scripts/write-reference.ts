import { writeFileSync } from 'node:fs';
import { renderCommands } from './render-commands.ts';
import { renderReference } from './render-reference.ts';

// `npm run reference`: docs/reference.md and docs/commands.md from the code. A test says when they are stale.
writeFileSync(new URL('../docs/reference.md', import.meta.url), renderReference());
writeFileSync(new URL('../docs/commands.md', import.meta.url), renderCommands());
