/** How far a rebuild or a verification is: events, indexes or rows, as the step says. */
export interface Progress {
  readonly step: 'archiving' | 'reading the log' | 'making indexes' | 'comparing' | 'swapping' | 'repairing';
  readonly done: number;
  readonly total: number;
  /** What of it is being done, such as the name of an index. */
  readonly detail?: string;
}

export type OnProgress = (progress: Progress) => void;
