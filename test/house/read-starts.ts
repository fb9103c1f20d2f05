import type { Expression, Node, SourceFile } from 'typescript/unstable/ast';
import {
  isAsExpression,
  isCallExpression,
  isIdentifier,
  isObjectLiteralExpression,
  isPropertyAssignment,
  isShorthandPropertyAssignment,
  isStringLiteral,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is';

/** What is started in one place: the name of a program, or the expression that gives it where no name stands in the file. */
export type Start = { readonly line: number; readonly name?: string; readonly expression: string };

const starting = new Set(['spawn', 'execa']);

/**
 * Every program that a file starts: the first argument of what starts processes, and what is called `program` (of the port of processes) in
 * an object. A name may stand behind `join`, or in a variable of the same file.
 */
export function readStarts(file: SourceFile): readonly Start[] {
  const variables = new Map<string, Expression>();
  const found: { readonly at: Node; readonly expression: Expression }[] = [];
  const visit = (node: Node): void => {
    if (isVariableDeclaration(node) && isIdentifier(node.name) && node.initializer !== undefined)
      variables.set(node.name.text, node.initializer);
    const first =
      isCallExpression(node) && starting.has(node.expression.getText(file)) ? node.arguments[0] : undefined;
    if (first !== undefined) found.push({ at: node, expression: first });
    if (isObjectLiteralExpression(node))
      for (const property of node.properties) {
        if (isPropertyAssignment(property) && property.name.getText(file) === 'program')
          found.push({ at: property, expression: property.initializer });
        if (
          isShorthandPropertyAssignment(property) &&
          isIdentifier(property.name) &&
          property.name.text === 'program'
        )
          found.push({ at: property, expression: property.name });
      }
    node.forEachChild(visit);
  };
  visit(file);
  return found.map(({ at, expression }) => {
    const name = nameIn(expression, variables);
    const line = file.getLineAndCharacterOfPosition(at.getStart(file)).line + 1;
    return { line, expression: expression.getText(file), ...(name === undefined ? {} : { name }) };
  });
}

function nameIn(expression: Expression, variables: ReadonlyMap<string, Expression>): string | undefined {
  if (isStringLiteral(expression)) return expression.text.slice(expression.text.lastIndexOf('/') + 1);
  if (isAsExpression(expression)) return nameIn(expression.expression, variables);
  if (
    isCallExpression(expression) &&
    isIdentifier(expression.expression) &&
    expression.expression.text === 'join'
  ) {
    const last = expression.arguments.at(-1);
    return last === undefined ? undefined : nameIn(last, variables);
  }
  if (!isIdentifier(expression)) return undefined;
  const value = variables.get(expression.text);
  return value === undefined || value === expression || isIdentifier(value)
    ? undefined
    : nameIn(value, variables);
}
