import { dereference, type OutputUnit, type Schema, validate } from '@cfworker/json-schema';
import type { CheckBudget } from './checkBudget.ts';
import { CheckBudgetExceededError } from './checkBudget.ts';
import { type Mistake, mistakesOf } from './mistakesOf.ts';
import { readSchema, UnusableSchemaError } from './readSchema.ts';
import { type Meter, SchemaNode } from './schemaNode.ts';

/** After an evaluation that was broken off, the schema is not evaluated again for so long. */
const PAUSE_MS = 1_000;

type Nodes = Readonly<Record<string, Schema | boolean>>;

/**
 * One announced JSON Schema, made ready to check payloads.
 *
 * It never throws and never takes long, whatever the schema: one that cannot be used, or takes too long for a payload,
 * accepts the payload, and `ignored` says why.
 */
export class PayloadSchema {
  readonly #meter: Meter = { budget: undefined };
  #root: Schema | boolean = true;
  #nodes: Nodes = {};
  #ignored: string | undefined;
  #pausedUntil = 0;

  constructor(announced: unknown) {
    try {
      this.#root = readSchema(announced, this.#meter) as object;
      this.#nodes = dereference(this.#root);
      this.#assertReferences();
    } catch (error) {
      this.#ignore(error);
      this.#pausedUntil = Infinity;
    }
  }

  /** Why payloads are accepted without a check; undefined if the schema is in use. */
  get ignored(): string | undefined {
    return this.#ignored;
  }

  /** Returns the mistakes of a payload; empty if the schema accepts it, or could not be evaluated. */
  check(payload: unknown, budget: CheckBudget): readonly Mistake[] {
    if (performance.now() < this.#pausedUntil || budget.isUsedUp()) return [];
    try {
      const { valid, errors } = this.#evaluate(payload, budget);
      this.#ignored = undefined;
      return valid ? [] : mistakesOf(errors, { payload, valueOf: (location) => this.#valueAt(location) });
    } catch (error) {
      this.#ignore(error);
      this.#pausedUntil = performance.now() + PAUSE_MS;
      return [];
    }
  }

  #evaluate(payload: unknown, budget: CheckBudget): { readonly valid: boolean; readonly errors: OutputUnit[] } {
    this.#meter.budget = budget;
    budget.begin();
    try {
      return validate(payload, this.#root, '2020-12', this.#nodes, false);
    } finally {
      budget.end();
      this.#meter.budget = undefined;
    }
  }

  #ignore(error: unknown): void {
    // A schema that refers to itself without end overflows the stack, or runs out of steps.
    const reason = error instanceof RangeError ? new CheckBudgetExceededError() : error;
    const isKnown = reason instanceof UnusableSchemaError || reason instanceof CheckBudgetExceededError;
    this.#ignored = isKnown ? reason.message : 'it cannot be evaluated';
  }

  #assertReferences(): void {
    for (const node of Object.values(this.#nodes)) {
      if (typeof node === 'boolean' || node.$ref === undefined) continue;
      if (this.#referred(node) === undefined)
        throw new UnusableSchemaError(`it refers to ${node.$ref}, which it does not have`);
    }
  }

  #referred({ __absolute_ref__: uri = '' }: Schema): Schema | boolean | undefined {
    return this.#nodes[uri];
  }

  /** The value of the keyword that refused a value: the location is the way of the evaluation, through references. */
  #valueAt(keywordLocation: string): unknown {
    let at: unknown = this.#root;
    for (const token of keywordLocation.split('/').slice(1).map(unescaped)) {
      if (at instanceof SchemaNode && token === '$ref') at = this.#referred(at as object);
      else at = typeof at === 'object' && at !== null ? (at as Readonly<Record<string, unknown>>)[token] : undefined;
    }
    return at;
  }
}

/** A token of a pointer in a URI fragment, as the validator writes it. */
function unescaped(token: string): string {
  return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~');
}
