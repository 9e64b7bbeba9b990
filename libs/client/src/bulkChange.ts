/** What became of the jobs of a bulk change; a dry run only counts those that match. */
export interface BulkChange {
  readonly matched: number;
  readonly changed: number;
  /** The state of these forbade it. */
  readonly skipped: number;
  readonly failed: number;
  /** Why it ended before all were worked on: asking again goes on from there. */
  readonly stopped?: string;
}
