import { writeFileSync } from 'node:fs';
import { renderReference } from './render-reference.ts';

// `npm run reference`: docs/reference.md from the code. A test says when it is stale.
writeFileSync(new URL('../docs/reference.md', import.meta.url), renderReference());
