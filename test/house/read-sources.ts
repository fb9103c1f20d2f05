import { readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  ExportSpecifier,
  FunctionLikeDeclaration,
  ImportSpecifier,
  Node,
  SourceFile,
} from 'typescript/unstable/ast';
import {
  isArrowFunction,
  isAsExpression,
  isCallExpression,
  isClassDeclaration,
  isConstructorDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isIdentifier,
  isImportDeclaration,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isNamedExports,
  isNamedImports,
  isNewExpression,
  isNoSubstitutionTemplateLiteral,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isStringLiteral,
  isTemplateExpression,
  isTypeAliasDeclaration,
  isVariableStatement,
} from 'typescript/unstable/ast/is';
import { API } from 'typescript/unstable/sync';
import { readStarts, type Start } from './read-starts.ts';

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
  readonly exports: readonly { readonly name: string; readonly line: number }[];
  /** `x as unknown as T` and `x as never`: the compiler is told to believe something it could not check. */
  readonly blindCasts: readonly number[];
  readonly starts: readonly Start[];
  /** Every literal text; what is filled into a template stands as `…`. */
  readonly texts: readonly { readonly line: number; readonly text: string }[];
};

export type Import = {
  readonly line: number;
  /** A path from the root of the checkout, or the name of a package as written. */
  readonly target: string;
  readonly isFile: boolean;
  readonly typeOnly: boolean;
  /** As the other file calls them; `*` for all of it. */
  readonly names: readonly string[];
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
  const exports: Source['exports'][number][] = [];
  const blindCasts: number[] = [];
  const texts: Source['texts'][number][] = [];
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: Node): void => {
    const line = lineOf(node.getStart(file));
    const imported = importOf(node);
    if (imported !== undefined)
      imports.push({
        line,
        ...place(path, imported.name),
        typeOnly: imported.typeOnly,
        names: imported.names,
      });
    if (isFunctionLike(node)) {
      const lines = lineOf(node.getEnd()) - line + 1;
      functions.push({ name: nameOf(node), line, lines, parameters: node.parameters.length });
    }
    if (isWorldly(node, file)) worldly.push({ line, text: node.getText(file) });
    const text = textOf(node);
    if (text !== undefined) texts.push({ line, text });
    if (isDefaultExport(node)) defaultExports.push(line);
    if (isBlindCast(node)) blindCasts.push(line);
    exports.push(...exportedBy(node).map((name) => ({ name, line })));
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
    exports,
    blindCasts,
    starts: readStarts(file),
    texts,
  };
}

function textOf(node: Node): string | undefined {
  if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…');
}

type Imported = { readonly name: string; readonly typeOnly: boolean; readonly names: readonly string[] };

function importOf(node: Node): Imported | undefined {
  if (isImportDeclaration(node) && isStringLiteral(node.moduleSpecifier)) {
    const bindings = node.importClause?.namedBindings;
    const names =
      bindings !== undefined && isNamedImports(bindings) ? bindings.elements.map(theirNameOf) : ['*'];
    return { name: node.moduleSpecifier.text, typeOnly: /^import type\b/.test(node.getText()), names };
  }
  if (
    isExportDeclaration(node) &&
    node.moduleSpecifier !== undefined &&
    isStringLiteral(node.moduleSpecifier)
  ) {
    const clause = node.exportClause;
    const names = clause !== undefined && isNamedExports(clause) ? clause.elements.map(theirNameOf) : ['*'];
    return { name: node.moduleSpecifier.text, typeOnly: /^export type\b/.test(node.getText()), names };
  }
  if (!isCallExpression(node) || node.expression.getText() !== 'import') return undefined;
  const [name] = node.arguments;
  if (name === undefined || !isStringLiteral(name)) return undefined;
  return { name: name.text, typeOnly: false, names: ['*'] };
}

function theirNameOf(one: ImportSpecifier | ExportSpecifier): string {
  return (one.propertyName ?? one.name).text;
}

/** What a statement exports by name; a constant that is taken apart counts by each of its names. */
function exportedBy(node: Node): readonly string[] {
  if (isExportDeclaration(node)) {
    const clause = node.exportClause;
    return clause !== undefined && isNamedExports(clause) ? clause.elements.map(({ name }) => name.text) : [];
  }
  if (!isDeclaration(node) || !/^export\b/.test(node.getText())) return [];
  if (!isVariableStatement(node)) return node.name === undefined ? [] : [node.name.text];
  return node.declarationList.declarations.flatMap(({ name }) =>
    isIdentifier(name)
      ? [name.text]
      : [...name.getText().matchAll(/[\w$]+(?=\s*[,}\]])/g)].map(([one]) => one),
  );
}

function isDeclaration(node: Node) {
  return (
    isVariableStatement(node) ||
    isFunctionDeclaration(node) ||
    isClassDeclaration(node) ||
    isTypeAliasDeclaration(node) ||
    isInterfaceDeclaration(node)
  );
}

function isBlindCast(node: Node): boolean {
  if (!isAsExpression(node)) return false;
  if (node.type.getText() === 'never') return true;
  return isAsExpression(node.expression) && node.expression.type.getText() === 'unknown';
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
