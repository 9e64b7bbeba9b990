/** The Python package with one planted fault, the scenario that must detect it, and the complaint that it must make. */
export interface FaultyWorker {
  readonly name: string;
  /** Each text stands exactly once in the package. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  readonly detectedBy: string;
  readonly complaint: RegExp;
}
