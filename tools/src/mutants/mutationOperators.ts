import { parseSync, Visitor } from 'oxc-parser';
import type { Statement, VisitorObject } from 'oxc-parser';

/** A change of one place of a source file that a good test suite should notice. */
export interface Mutant {
  /** Its place and operator, e.g. `libs/client/src/retry.ts:12:5 comparison`. */
  readonly id: string;
  /** Relative to the repository. */
  readonly file: string;
  readonly operator: MutationOperator;
  readonly before: string;
  readonly after: string;
  /** Offsets in the source. */
  readonly start: number;
  readonly end: number;
}

/** Operators that change when something happens. */
export const TIMING_OPERATORS = ['drop-await', 'swap-order', 'remove-cleanup'] as const;
/** Operators that change what happens. */
const VALUE_OPERATORS = ['comparison', 'ignore-limit', 'logical', 'remove-branch', 'remove-guard'] as const;

/** Whether the operator changes when something happens. */
export function isTiming({ operator }: Pick<Mutant, 'operator'>): boolean {
  return (TIMING_OPERATORS as readonly string[]).includes(operator);
}

type MutationOperator = (typeof TIMING_OPERATORS)[number] | (typeof VALUE_OPERATORS)[number];

interface Edit {
  readonly operator: MutationOperator;
  readonly node: Place;
  readonly after: string;
  /** The offset that is reported as its place. */
  readonly at: number;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

type TextOf = (place: Place) => string;
type AddEdit = (operator: MutationOperator, node: Place, after: string, at?: number) => void;

const COMPARISONS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
};
const CLEANUP =
  /(?:^|\.)#?(?:abort|cancel|clear\w*|close|delete|destroy|dispose\w*|drain|end\w*|flush|off|reject|release|remove\w*|resolve|revert|stop\w*|unref|unsubscribe\w*)$/i;
/** Statements that only report are not what a test is about. */
const REPORT = /\b(?:logger|sink|span|observer|metrics?|console)\b/i;

/** Returns all mutants of a source file in the order of its text. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`);
  const edits: Edit[] = [];
  const textOf = ({ start, end }: Place) => source.slice(start, end);
  const add: AddEdit = (operator, node, after, at = node.start) => {
    if (!REPORT.test(textOf(node))) edits.push({ operator, node, after, at });
  };
  new Visitor({ ...timingVisitor(source, textOf, add), ...valueVisitor(textOf, add) }).visit(program);
  return edits.map((edit) => toMutant(file, source, edit)).toSorted((left, right) => left.start - right.start);
}

function timingVisitor(source: string, textOf: TextOf, add: AddEdit): VisitorObject {
  return {
    BlockStatement({ body }) {
      for (const [index, first] of body.entries()) {
        const second = body[index + 1];
        // Statements of other kinds declare names or leave the block.
        if (first.type !== 'ExpressionStatement' || second?.type !== 'ExpressionStatement') continue;
        // Nothing can happen between two plain assignments.
        if (![first, second].some(({ expression }) => /await|\(/.test(textOf(expression)))) continue;
        const between = source.slice(first.end, second.start);
        add('swap-order', { start: first.start, end: second.end }, textOf(second) + between + textOf(first));
      }
    },
    ExpressionStatement(node) {
      const { expression } = node;
      if (expression.type === 'AwaitExpression') add('drop-await', expression, `void ${textOf(expression.argument)}`);
      if (isCleanup(node, textOf)) add('remove-cleanup', node, ';');
    },
    TryStatement({ finalizer }) {
      const others = (finalizer?.body ?? []).filter((statement) => !isCleanup(statement, textOf));
      for (const statement of others) add('remove-cleanup', statement, ';');
    },
  };
}

function valueVisitor(textOf: TextOf, add: AddEdit): VisitorObject {
  return {
    IfStatement({ test, consequent, alternate }) {
      add(alternate === null && leaves(consequent) ? 'remove-guard' : 'remove-branch', test, 'Boolean(0)');
    },
    BinaryExpression({ left, operator, right }) {
      const other = COMPARISONS[operator];
      if (other === undefined) return;
      add('comparison', { start: left.start, end: right.end }, `${textOf(left)} ${other} ${textOf(right)}`);
    },
    LogicalExpression({ left, operator, right }) {
      if (operator === '??') return;
      const other = operator === '&&' ? '||' : '&&';
      add('logical', { start: left.start, end: right.end }, `(${textOf(left)}) ${other} (${textOf(right)})`);
    },
    CallExpression(node) {
      if (!/^Math\.(?:min|max)$/.test(textOf(node.callee)) || node.arguments.length !== 2) return;
      for (const argument of node.arguments) add('ignore-limit', node, `(${textOf(argument)})`, argument.start);
    },
  };
}

/** Returns the source with the mutant in it. */
export function applyMutant(source: string, { start, end, after }: Mutant): string {
  return source.slice(0, start) + after + source.slice(end);
}

function toMutant(file: string, source: string, { operator, node, after, at }: Edit): Mutant {
  const before = source.slice(node.start, node.end);
  const lines = source.slice(0, at).split('\n');
  const id = `${file}:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1} ${operator}`;
  return { id, file, operator, before, after, start: node.start, end: node.end };
}

function isCleanup(statement: Statement, textOf: TextOf): boolean {
  if (statement.type !== 'ExpressionStatement') return false;
  const { expression } = statement;
  const isWrapped = expression.type === 'AwaitExpression' || expression.type === 'UnaryExpression';
  const call = isWrapped ? expression.argument : expression;
  return call.type === 'CallExpression' && CLEANUP.test(textOf(call.callee));
}

/** Whether a branch does nothing but leave its function or loop. */
function leaves(branch: Statement): boolean {
  const statement = branch.type === 'BlockStatement' && branch.body.length === 1 ? branch.body[0] : branch;
  return ['ReturnStatement', 'ContinueStatement', 'BreakStatement', 'ThrowStatement'].includes(statement?.type ?? '');
}
