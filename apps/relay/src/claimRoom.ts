/** How much a claim takes at most. */
export interface ClaimRoom {
  /** Rows; their appends are pending at the same time and share syncs of the disk. */
  readonly most: number;
  /** Bytes of payloads and options, as they are sent. */
  readonly mostBytes: number;
  /** Milliseconds until rows without an outcome stay where they are: more than an append and the look at a job that it conflicts with take. */
  readonly mostMs: number;
}

/** Claims of an outbox at the same time while rows come: one is committed or read while another is appended. */
export const LANES = 3;
/** Small enough to be stored within seconds: the transaction of a claim holds back vacuum in the application's database. */
const LARGEST: ClaimRoom = { most: 500, mostBytes: 2_000_000, mostMs: 9_000 };
/** The appends that an event log lets be pending, and their bytes, less what is kept free. */
const PENDING = 16_000;
const PENDING_BYTES = 56_000_000;
/** An event has at most so many bytes beside those of its row, which encryption makes a third longer. */
const ENVELOPE_BYTES = 1_500;
const ENCRYPTED = 4 / 3;

/**
 * The room that each claim of a relay has, so that all claims of all its outboxes together are within what the event log takes at a
 * time: each has its own before it claims, and none waits for that of another outbox.
 */
export function claimRoom(outboxes: number): ClaimRoom {
  const claims = outboxes * LANES;
  const bytes = LARGEST.mostBytes * ENCRYPTED + LARGEST.most * ENVELOPE_BYTES;
  const share = Math.min(1, PENDING / (claims * LARGEST.most), PENDING_BYTES / (claims * bytes));
  return {
    most: Math.max(1, Math.floor(LARGEST.most * share)),
    mostBytes: Math.floor(LARGEST.mostBytes * share),
    mostMs: LARGEST.mostMs,
  };
}
