import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFiles, root } from './read-sources.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const decisions = readdirSync(join(root, 'docs/decisions')).sort();
const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
];

describe('The pages of the project', () => {
  it('lead nowhere that is not there', () => {
    const lost = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = '']) => target.replace(/#.*$/, ''))
        .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target} is missing. Write it, or drop the link.`),
    );
    expect(pages.length).toBeGreaterThan(40);
    expect(lost).toEqual([]);
  });

  it('begin with a README of one screenful', () => {
    const lines = read('README.md').split('\n').length;
    expect(lines, `README.md has ${lines} lines. Move what is not the beginning to docs/.`).toBeLessThan(75);
  });

  it('name npm scripts that there are', () => {
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
    const lost = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run (?:-s |--silent )?([a-z][a-z:-]*)/g)]
        .filter(([, name = '']) => !scripts.includes(name))
        .map(([, name]) => `${page}: npm run ${name}: package.json has no such script.`),
    );
    expect(lost).toEqual([]);
  });
});

describe('The decisions', () => {
  it('are numbered, each number once', () => {
    const numbers = decisions.map((name) => /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1] ?? name);
    const twins = numbers.filter((number, index) => numbers.indexOf(number) !== index);
    expect(numbers.filter((number) => !/^\d{4}$/.test(number))).toEqual([]);
    expect(twins, 'Two decisions have one number. Give the newer one the next free number.').toEqual([]);
  });

  it('are there where a comment or a page names one', () => {
    const texts = [...listFiles(['src']), ...pages].map((path) => ({ path, text: read(path) }));
    const lost = texts.flatMap(({ path, text }) =>
      [...text.matchAll(/decisions\/(\d{4}[a-z0-9-]*)/g)]
        .filter(([, name = '']) => !decisions.some((decision) => decision.startsWith(name)))
        .map(([, name]) => `${path}: there is no decision ${name}.`),
    );
    expect(lost).toEqual([]);
  });
});
