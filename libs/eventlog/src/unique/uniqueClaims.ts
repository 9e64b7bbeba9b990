import { createHmac } from 'node:crypto';
import { canonicalJson, type Unique, uniqueValues } from '@jobstream/domain';
import type { JetStreamManager } from '@nats-io/jetstream';
import { claimRequest } from '../append/appendRequest.ts';
import { expectationHeaders } from '../connection/headers.ts';
import { publishOnce, type Publisher, type PublishOutcome } from '../connection/publisher.ts';
import { isConflict } from '../connection/serverErrors.ts';
import { ConcurrentAppendError, LogOverloadedError, LogUnavailableError } from '../errors.ts';
import { type ClaimBody, decodeClaim } from '../read/claimMessage.ts';
import type { LeaderReader } from '../read/leaderReader.ts';
import type { JobKeys } from '../sealing/jobKeys.ts';
import { claimSubject } from '../streams/claimSubject.ts';
import { allowClaims } from '../streams/streams.ts';

/** What a unique key is made of. */
export interface UniqueSource {
  readonly jobType: string;
  readonly tenant?: string | undefined;
  readonly unique: Unique;
  readonly payload: unknown;
}

/** The newest claim of a unique key. `sequence` is what the next one must expect. */
export interface StoredClaim extends ClaimBody {
  readonly sequence: number;
}

export interface UniqueClaimsOptions {
  readonly manager: JetStreamManager;
  readonly publisher: Pick<Publisher, 'publish'>;
  /** The keys of contents, where they are encrypted. */
  readonly keys: Pick<JobKeys, 'findOrCreate'> | undefined;
  /** Reads the stream JOBS: a replica may not have the newest claim yet. */
  readonly leader: Pick<LeaderReader, 'lastMessage'>;
  readonly deadlineMs: number;
}

/** As the id of a job, of which the server keeps this secret like one of theirs. */
const SECRET_OF = 'unique';
const KEY_BYTES = 16;
const MOST_TURNS = 1_000;

/**
 * The unique keys of jobs, and who holds them: `unique.<key>` in the stream JOBS, of which the newest message names the holder. A claim
 * is appended in one batch with the creation of the job, by `EventLog.append`. Every method rejects with LogUnavailableError.
 */
export class UniqueClaims {
  readonly #options: UniqueClaimsOptions;
  #secret: Promise<Uint8Array> | undefined;
  #allowed: Promise<void> | undefined;
  readonly #turns = new Map<string, { readonly last: Promise<unknown>; readonly count: number }>();

  constructor(options: UniqueClaimsOptions) {
    this.#options = options;
  }

  /** How long a request may wait for its turn and its outcome, in milliseconds. */
  get deadlineMs(): number {
    return this.#options.deadlineMs;
  }

  /**
   * Returns the key of a job: a hash of its tenant, its type and the values of its payload. Where contents are encrypted it is keyed with
   * a secret that is never changed, since the hash of a short value can be guessed.
   */
  async keyOf({ jobType, tenant, unique, payload }: UniqueSource): Promise<string> {
    const text = canonicalJson([tenant ?? null, jobType, uniqueValues(unique, payload)]);
    this.#secret ??= this.#findSecret();
    const secret = await this.#secret.catch((error: unknown) => {
      this.#secret = undefined;
      throw error;
    });
    return createHmac('sha256', secret).update(text).digest().subarray(0, KEY_BYTES).toString('base64url');
  }

  /** Lets the stream of an earlier release take claims; that is done once. */
  async allow(): Promise<void> {
    this.#allowed ??= allowClaims(this.#options.manager);
    await this.#allowed.catch((error: unknown) => {
      this.#allowed = undefined;
      throw error;
    });
  }

  /** Returns the newest claim of a key, undefined if it has none. */
  async newest(key: string): Promise<StoredClaim | undefined> {
    await this.allow();
    try {
      const message = await this.#options.leader.lastMessage(claimSubject(key), this.#options.deadlineMs);
      return message && { ...decodeClaim(message.text), sequence: message.sequence };
    } catch (error) {
      throw new LogUnavailableError('a claim could not be read', { cause: error });
    }
  }

  /**
   * Stores the newest claim of a key again, since the log is about to lose it.
   *
   * @throws ConcurrentAppendError when another one has been stored meanwhile.
   */
  async renew(key: string, { sequence, ...body }: StoredClaim): Promise<void> {
    const { until } = body;
    const { subject, text } = claimRequest({ key, after: sequence, until }, { ...body, renewed: true });
    const headers = expectationHeaders(sequence, { subject, filter: subject });
    const outcome = await publishOnce(this.#options.publisher, { subject, body: text, headers });
    if (outcome.kind === 'stored') return;
    if (outcome.kind === 'refused' && isConflict(outcome.code))
      throw new ConcurrentAppendError(`the unique key ${key}`, sequence);
    throw new LogUnavailableError(`a claim could not be renewed: ${reasonOf(outcome)}`);
  }

  /**
   * Does the work when the works that this process has begun for the key before have ended.
   *
   * @throws LogOverloadedError when a thousand wait.
   */
  async inTurn<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const { last: before = Promise.resolve(), count = 0 } = this.#turns.get(key) ?? {};
    if (count >= MOST_TURNS) throw new LogOverloadedError(count);
    const last = before.then(work, work);
    this.#turns.set(key, { last, count: count + 1 });
    try {
      return await last;
    } finally {
      this.#leave(key);
    }
  }

  #leave(key: string): void {
    const { last, count = 0 } = this.#turns.get(key) ?? {};
    if (last === undefined || count <= 1) this.#turns.delete(key);
    else this.#turns.set(key, { last, count: count - 1 });
  }

  async #findSecret(): Promise<Uint8Array> {
    const { keys } = this.#options;
    if (keys === undefined) return new Uint8Array();
    const found = await keys.findOrCreate(SECRET_OF);
    if (found.kind === 'key') return found.secret;
    throw new LogUnavailableError('the secret of unique keys is wrapped with a master key that is not configured here');
  }
}

function reasonOf(outcome: Exclude<PublishOutcome, { readonly kind: 'stored' }>): string {
  return outcome.kind === 'refused' ? `${outcome.description} (${outcome.code})` : outcome.reason;
}
