/** The Python package with one planted fault, the scenario that must detect it, and the complaint that it must make. */
export interface FaultyWorker {
  readonly name: string;
  /** Each text stands exactly once in the package. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  readonly detectedBy: string;
  readonly complaint: RegExp;
}

/** Whether what stands behind the last known event is of the same attempt. */
export const SAME_ATTEMPT = 'and found.is_same_attempt(job):';
