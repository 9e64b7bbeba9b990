import type { AppendRequest, ClaimRequest } from './appendRequest.ts';
import type { PendingAppend } from './appendSettler.ts';

/** An event of a batch, with what its owner's last sequence must be. */
export interface BatchMember {
  readonly request: AppendRequest;
  readonly expected: number;
  /** What is stored in front of it. */
  readonly claim?: ClaimRequest | undefined;
}

/** A member with its text as it is sent. */
export interface EncodedMember extends BatchMember {
  readonly body: Uint8Array;
}

/** A batch without an outcome yet. */
export interface PendingBatch extends PendingAppend {
  readonly members: readonly EncodedMember[];
  /** How many messages it has. */
  readonly messages: number;
  readonly bytes: number;
  /** Set when a further try was refused since one of the events or claims lost against another writer. */
  conflicted: boolean;
}
