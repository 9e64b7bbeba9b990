import type { CheckBudget } from './checkBudget.ts';

/** The budget of the evaluation that is going on; shared by all nodes of a schema. */
export interface Meter {
  budget: CheckBudget | undefined;
}

/**
 * A subschema that counts its evaluations.
 *
 * The validator reads every keyword that it knows exactly once in each evaluation, `$recursiveAnchor` among them, which
 * schemas of 2020-12 do not have. It is a getter of the class, so it is not enumerated where the validator looks for
 * subschemas. A test counts the evaluations, so that an update of the validator cannot change this unnoticed.
 */
export class SchemaNode {
  readonly [keyword: string]: unknown;
  readonly #meter: Meter;

  constructor(keywords: Readonly<Record<string, unknown>>, meter: Meter) {
    Object.assign(this, keywords);
    this.#meter = meter;
  }

  get $recursiveAnchor(): undefined {
    this.#meter.budget?.spend();
    return undefined;
  }
}
