/** One message of the log, byte for byte as the stream had it. */
export interface StoredBytes {
  readonly sequence: number;
  readonly subject: string;
  /** The server's clock, RFC 3339. */
  readonly recordedAt: string;
  /** Those that its writer sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Messages `first` to `last`, without a gap; both 0 where there are none. */
export interface SequenceSpan {
  readonly first: number;
  readonly last: number;
}

/**
 * Where messages are that the log has forgotten: the beginning of the log, as far as `span` tells. What it hands out is
 * what the log had, or it rejects.
 */
export interface LogArchive {
  /** As it was when it was last looked at. */
  readonly span: SequenceSpan;
  /** Looks for what was added since. */
  refresh(): Promise<SequenceSpan>;
  /** All messages about a job, oldest first. */
  messagesOf(jobId: string): Promise<readonly StoredBytes[]>;
  /** The messages after this sequence, in order. */
  messagesAfter(sequence: number): AsyncIterable<readonly StoredBytes[]>;
}
