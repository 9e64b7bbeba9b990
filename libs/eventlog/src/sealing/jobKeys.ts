import { randomBytes } from 'node:crypto';
import type { JetStreamManager } from '@nats-io/jetstream';
import { expectationHeaders } from '../connection/headers.ts';
import { publishOnce, type Publisher, type PublishOutcome } from '../connection/publisher.ts';
import { isConflict } from '../connection/serverErrors.ts';
import { LogUnavailableError } from '../errors.ts';
import type { StoredMessage } from '../read/directReader.ts';
import type { LeaderReader } from '../read/leaderReader.ts';
import { KEYS_STREAM } from '../streams/streams.ts';
import { headerOf, open, seal } from './jwe.ts';

/** Wraps the keys of jobs. Of several master keys the first wraps new keys, the others open older ones. */
export interface MasterKey {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** The key of a job, or why there is none. `locked`: it is wrapped with a master key that this process does not have. */
export type JobKey =
  { readonly kind: 'key'; readonly secret: Uint8Array } | { readonly kind: 'none' | 'shredded' | 'locked' };

export interface JobKeysOptions {
  readonly manager: JetStreamManager;
  readonly publisher: Pick<Publisher, 'publish'>;
  /** Reads the stream KEYS. */
  readonly leader: Pick<LeaderReader, 'lastMessage'>;
  readonly masterKeys: readonly [MasterKey, ...MasterKey[]];
  readonly deadlineMs: number;
}

const KEY_BYTES = 32;

const keySubject = (jobId: string) => `keys.${jobId}.key`;
/** The subject of the note that the key of a job was destroyed. */
const shreddedSubject = (jobId: string) => `keys.${jobId}.shredded`;
const keysFilter = (jobId: string) => `keys.${jobId}.>`;

/**
 * The keys of jobs, wrapped with a master key, in the stream KEYS. Keys are not cached, so a destroyed key is unusable in
 * every process at once. Every method rejects with LogUnavailableError.
 */
export class JobKeys {
  readonly #options: JobKeysOptions;

  constructor(options: JobKeysOptions) {
    this.#options = options;
  }

  async find(jobId: string): Promise<JobKey> {
    const message = await this.#newest(keysFilter(jobId));
    if (message === undefined) return { kind: 'none' };
    if (message.subject === shreddedSubject(jobId)) return { kind: 'shredded' };
    return this.#unwrap(message.text, jobId);
  }

  /** Returns the key of the job; creates and stores one if the job never had a key. */
  async findOrCreate(jobId: string): Promise<JobKey> {
    const found = await this.find(jobId);
    return found.kind === 'none' ? this.create(jobId) : found;
  }

  /** As `findOrCreate`, faster for a job that most likely has no key. */
  async create(jobId: string): Promise<JobKey> {
    const secret = randomBytes(KEY_BYTES);
    const [master] = this.#options.masterKeys;
    const body = seal(secret, master.secret, { kid: master.id, job: jobId });
    const outcome = await this.#publish(keySubject(jobId), body, jobId);
    if (outcome.kind === 'stored') return { kind: 'key', secret };
    const found = await this.find(jobId);
    // Contents sealed with a key that is not stored would be lost.
    if (found.kind === 'none') throw new LogUnavailableError('it is not known whether a key was stored');
    return found;
  }

  /** Destroys the key of the job for good; idempotent. Returns false if the job never had a key. */
  async shred(jobId: string): Promise<boolean> {
    const newest = await this.#newest(keysFilter(jobId));
    if (newest === undefined) return false;
    // First the note, after which the key is no longer used; then the key itself, whose bytes the server overwrites.
    if (newest.subject !== shreddedSubject(jobId)) await this.#noteShredded(jobId, newest.sequence);
    const key = await this.#newest(keySubject(jobId));
    if (key !== undefined) await this.#erase(key.sequence);
    return true;
  }

  async #noteShredded(jobId: string, expected: number): Promise<void> {
    const body = JSON.stringify({ shreddedAt: new Date().toISOString() });
    const outcome = await this.#publish(shreddedSubject(jobId), body, jobId, expected);
    if (outcome.kind === 'stored') return;
    const newest = await this.#newest(keysFilter(jobId));
    if (newest?.subject !== shreddedSubject(jobId)) throw new LogUnavailableError('the key could not be destroyed');
  }

  async #erase(sequence: number): Promise<void> {
    try {
      await this.#options.manager.streams.deleteMessage(KEYS_STREAM, sequence, true);
    } catch (error) {
      throw new LogUnavailableError('the key could not be destroyed', { cause: error });
    }
  }

  #unwrap(token: string, jobId: string): JobKey {
    const header = headerOf(token);
    const master = this.#options.masterKeys.find(({ id }) => id === header?.kid);
    if (master === undefined || header?.job !== jobId) return { kind: 'locked' };
    try {
      return { kind: 'key', secret: open(token, master.secret) };
    } catch {
      return { kind: 'locked' };
    }
  }

  async #newest(filter: string): Promise<StoredMessage | undefined> {
    try {
      return await this.#options.leader.lastMessage(filter, this.#options.deadlineMs);
    } catch (error) {
      throw new LogUnavailableError('a key could not be read', { cause: error });
    }
  }

  /** Resolves with conflicts too: another writer was first, and its message has the answer. */
  async #publish(subject: string, body: string, jobId: string, expected = 0): Promise<PublishOutcome> {
    const headers = expectationHeaders(expected, { subject, filter: keysFilter(jobId) });
    const outcome = await publishOnce(this.#options.publisher, { subject, body, headers });
    if (outcome.kind !== 'refused' || isConflict(outcome.code)) return outcome;
    throw new LogUnavailableError(`a key could not be stored: ${outcome.description} (${outcome.code})`);
  }
}
