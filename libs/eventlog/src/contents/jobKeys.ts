import { randomBytes } from 'node:crypto';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { StoredMessage } from '../read/directReader.ts';
import { LogUnavailableError } from '../errors.ts';
import { expectationHeaders } from '../connection/headers.ts';
import { isConflict } from '../connection/serverErrors.ts';
import type { LeaderReader } from '../read/leaderReader.ts';
import type { Publisher, PublishOutcome } from '../connection/publisher.ts';
import { headerOf, open, seal } from './jwe.ts';
import { KEYS_STREAM, keysFilter, keySubject, shreddedSubject } from './keysStream.ts';
/** The key of a job, or why there is none. `locked`: it is wrapped with a master key that this process does not have. */
export type JobKey =
  { readonly kind: 'key'; readonly secret: Uint8Array } | { readonly kind: 'none' | 'shredded' | 'locked' };

export interface JobKeysOptions {
  readonly manager: JetStreamManager;
  readonly publisher: Pick<Publisher, 'publish'>;
  /** Of the stream KEYS. */
  readonly leader: Pick<LeaderReader, 'lastMessage'>;
  readonly masterKeys: readonly [MasterKey, ...MasterKey[]];
  readonly deadlineMs: number;
}

const KEY_BYTES = 32;

/**
 * A key for each job, wrapped with a master key, in a stream of its own. Nothing is kept in memory, so that a key is gone
 * for everybody at the moment at which it is destroyed. Every method rejects with LogUnavailableError.
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

  /** The key of the job, made now if there never was one. It is stored when this resolves. */
  async findOrCreate(jobId: string): Promise<JobKey> {
    const found = await this.find(jobId);
    return found.kind === 'none' ? this.create(jobId) : found;
  }

  /** As `findOrCreate`, for a job that most likely has none. */
  async create(jobId: string): Promise<JobKey> {
    const secret = randomBytes(KEY_BYTES);
    const [master] = this.#options.masterKeys;
    const text = seal(secret, master.secret, { kid: master.id, job: jobId });
    const outcome = await this.#publish(keySubject(jobId), text, jobId);
    if (outcome.kind === 'stored') return { kind: 'key', secret };
    const found = await this.find(jobId);
    // Contents that are sealed with a key that is not stored are lost.
    if (found.kind === 'none') throw new LogUnavailableError('it is not known whether a key was stored');
    return found;
  }

  /** Destroys the key of the job for good; false if it never had one. Doing it again is harmless. */
  async shred(jobId: string): Promise<boolean> {
    if ((await this.#newest(keysFilter(jobId))) === undefined) return false;
    // First the note, from which on nobody uses the key; then the key itself, whose bytes the server overwrites.
    await this.#note(jobId);
    const key = await this.#newest(keySubject(jobId));
    if (key !== undefined) await this.#erase(key.sequence);
    return true;
  }

  async #note(jobId: string): Promise<void> {
    const newest = await this.#newest(keysFilter(jobId));
    if (newest?.subject === shreddedSubject(jobId)) return;
    const text = JSON.stringify({ shreddedAt: new Date().toISOString() });
    const outcome = await this.#publish(shreddedSubject(jobId), text, jobId, newest?.sequence ?? 0);
    if (outcome.kind === 'stored') return;
    const after = await this.#newest(keysFilter(jobId));
    if (after?.subject !== shreddedSubject(jobId)) throw new LogUnavailableError('the key could not be destroyed');
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

  /** A conflict is an outcome like another: somebody else was faster. */
  async #publish(subject: string, text: string, jobId: string, expected = 0): Promise<PublishOutcome> {
    const headers = expectationHeaders({ expected, subject, filter: keysFilter(jobId) });
    const { promise, resolve, reject } = Promise.withResolvers<PublishOutcome>();
    try {
      this.#options.publisher.publish(subject, Buffer.from(text), headers, resolve);
    } catch (error) {
      reject(error);
    }
    const outcome = await promise;
    if (outcome.kind !== 'refused' || isConflict(outcome.code)) return outcome;
    throw new LogUnavailableError(`a key could not be stored: ${outcome.description} (${outcome.code})`);
  }
}

/** A key that protects the keys of jobs; the first of several protects new ones, the others are there for older ones. */
export interface MasterKey {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}
