/** One way to get the protocol wrong: edits of the Python example, the scenario that must notice, and what it must say. */
export interface Sabotage {
  readonly name: string;
  /** Each text stands exactly once in the example. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  readonly noticedBy: string;
  readonly complaint: RegExp;
}
