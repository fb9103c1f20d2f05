import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evidence } from './crossings.ts';
import { renderVersions } from './render-versions.ts';

// `npm run versions`: docs/versions.md from what the last whole `npm run test:versions` found (.thaw/results/versions.json).

const root = join(import.meta.dirname, '..');
const evidence: Evidence = JSON.parse(readFileSync(join(root, '.thaw/results/versions.json'), 'utf8'));
writeFileSync(join(root, 'docs/versions.md'), renderVersions(evidence));
