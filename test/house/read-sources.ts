import { readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FunctionLikeDeclaration, Node, SourceFile } from 'typescript/unstable/ast';
import {
  isArrowFunction,
  isCallExpression,
  isConstructorDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isIdentifier,
  isImportDeclaration,
  isMethodDeclaration,
  isNewExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isStringLiteral,
} from 'typescript/unstable/ast/is';
import { API } from 'typescript/unstable/sync';

/** One source file as the rules of the house see it. Lines count from 1. */
export type Source = {
  /** From the root of the checkout: src/base/units.ts. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly functions: readonly {
    /** Empty for one without a name of its own. */
    readonly name: string;
    readonly line: number;
    readonly lines: number;
    readonly parameters: number;
  }[];
  /** What reads the clock, chance, the process or the console: `Date.now`, `new Date()`, `process.on`. */
  readonly worldly: readonly { readonly line: number; readonly text: string }[];
  readonly defaultExports: readonly number[];
};

export type Import = {
  readonly line: number;
  /** A path from the root of the checkout, or the name of a package as written. */
  readonly target: string;
  readonly isFile: boolean;
  readonly typeOnly: boolean;
};

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Every TypeScript file below these folders, read by TypeScript's own parser. */
export function readSources(folders: readonly string[]): readonly Source[] {
  const api = new API({ cwd: root });
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] }).getProjects();
    return listFiles(folders).map((path) => {
      const file = project?.program.getSourceFile(join(root, path));
      if (file === undefined) throw new Error(`${path} is not part of tsconfig.json`);
      return readSource(path, file);
    });
  } finally {
    api.close();
  }
}

export function listFiles(folders: readonly string[]): readonly string[] {
  return folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

function readSource(path: string, file: SourceFile): Source {
  const imports: Import[] = [];
  const functions: Source['functions'][number][] = [];
  const worldly: Source['worldly'][number][] = [];
  const defaultExports: number[] = [];
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: Node): void => {
    const line = lineOf(node.getStart(file));
    const imported = importOf(node);
    if (imported !== undefined)
      imports.push({ line, ...place(path, imported.name), typeOnly: imported.typeOnly });
    if (isFunctionLike(node)) {
      const lines = lineOf(node.getEnd()) - line + 1;
      functions.push({ name: nameOf(node), line, lines, parameters: node.parameters.length });
    }
    if (isWorldly(node, file)) worldly.push({ line, text: node.getText(file) });
    if (isDefaultExport(node)) defaultExports.push(line);
    node.forEachChild(visit);
  };
  visit(file);
  return {
    path,
    text: file.text,
    lines: lineOf(file.text.trimEnd().length),
    imports,
    functions,
    worldly,
    defaultExports,
  };
}

function importOf(node: Node): { readonly name: string; readonly typeOnly: boolean } | undefined {
  if (isImportDeclaration(node) && isStringLiteral(node.moduleSpecifier)) {
    return { name: node.moduleSpecifier.text, typeOnly: /^import type\b/.test(node.getText()) };
  }
  if (
    isExportDeclaration(node) &&
    node.moduleSpecifier !== undefined &&
    isStringLiteral(node.moduleSpecifier)
  ) {
    return { name: node.moduleSpecifier.text, typeOnly: /^export type\b/.test(node.getText()) };
  }
  if (!isCallExpression(node) || node.expression.getText() !== 'import') return undefined;
  const [name] = node.arguments;
  return name !== undefined && isStringLiteral(name) ? { name: name.text, typeOnly: false } : undefined;
}

/** Imports between our files end in .ts; the one compiled program that others start is named as it will be: .js. */
function place(from: string, name: string): Pick<Import, 'target' | 'isFile'> {
  if (!name.startsWith('.')) return { target: name, isFile: false };
  return { target: join(dirname(from), name), isFile: true };
}

function isFunctionLike(node: Node): node is FunctionLikeDeclaration {
  return (
    isFunctionDeclaration(node) ||
    isFunctionExpression(node) ||
    isArrowFunction(node) ||
    isMethodDeclaration(node) ||
    isConstructorDeclaration(node)
  );
}

function nameOf(node: FunctionLikeDeclaration): string {
  if (isPropertyAssignment(node.parent)) return node.parent.name.getText();
  return isMethodDeclaration(node) || isFunctionDeclaration(node) ? (node.name?.getText() ?? '') : '';
}

/** A time or a number made into a Date is arithmetic; asking what time it is is not. */
function isWorldly(node: Node, file: SourceFile): boolean {
  if (isNewExpression(node))
    return node.expression.getText(file) === 'Date' && (node.arguments?.length ?? 0) === 0;
  if (!isPropertyAccessExpression(node) || !isIdentifier(node.expression)) return false;
  const object = node.expression.text;
  if (object === 'process' || object === 'console') return true;
  const access = `${object}.${node.name.text}`;
  return access === 'Date.now' || access === 'Math.random' || access === 'performance.now';
}

function isDefaultExport(node: Node): boolean {
  return (
    isExportAssignment(node) || /^export default\b/.test(isFunctionDeclaration(node) ? node.getText() : '')
  );
}
