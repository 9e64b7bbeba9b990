/** An append on its way: what to store, what it expects, and whom to tell. Times are of `performance.now()`. */
export interface PendingAppend {
  readonly eventId: string;
  /** Whose history it continues, in words. */
  readonly owner: string;
  readonly subject: string;
  readonly filter: string;
  readonly traceparent?: string | undefined;
  readonly body: Uint8Array;
  readonly expected: number;
  readonly deadline: number;
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: Error) => void;
  /** Set once an outcome was unknown: from then on a conflict may be our own first try. */
  uncertain: boolean;
  /** Set once its outcome was told. */
  settled: boolean;
}
