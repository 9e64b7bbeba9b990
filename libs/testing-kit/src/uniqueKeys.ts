import { ConflictError, type NewUnique } from '@jobstream/client';
import {
  canonicalJson,
  isCreation,
  keepsKey,
  mayBeRevised,
  revisionBy,
  uniqueValues,
  type Job,
  type JobEvent,
} from '@jobstream/worker/test-engine';
import { changeJob } from './changeJob.ts';
import type { TestSystem } from './system/testSystem.ts';

type Unique = NonNullable<Job['unique']>;
type OnConflict = NonNullable<NewUnique['onConflict']>;

/** The job that holds a key; `revised` if the request has changed it. */
export interface Holder {
  readonly job: Job;
  readonly revised?: true;
}

/** Which jobs of a test hold which unique keys. No other process makes jobs there, so that memory does for what claims in the log do. */
export class UniqueKeys {
  readonly #system: TestSystem;
  /** The id of the job that took a key last. */
  readonly #takers = new Map<string, string>();
  /** The keys of jobs by their ids: another payload does not change them. */
  readonly #keys = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(system: TestSystem) {
    this.#system = system;
  }

  /** Creates a job by `append`, unless another one holds its key, which is returned then, changed as `onConflict` says. */
  create(creation: JobEvent, onConflict: OnConflict, append: () => Promise<void>): Promise<Holder | undefined> {
    return this.#inTurn(async () => {
      const { jobId, jobType } = creation;
      const { unique, payload } = isCreation(creation) ? creation.data : { unique: undefined, payload: undefined };
      // With an idempotency key the job may be there already, and is the answer then.
      if (unique === undefined || (await this.#system.log.readJob(jobId)) !== undefined) {
        await append();
        return undefined;
      }
      const key = canonicalJson([jobType, uniqueValues(unique, payload)]);
      const holder = await this.#holderOf(key, unique);
      if (holder !== undefined) return this.#revised(holder, creation, onConflict);
      await append();
      this.#take(key, jobId);
      return undefined;
    });
  }

  /** Lets `requeue` bring a job back, which takes its key again. @throws ConflictError while another one holds it. */
  retake({ id, unique }: Job, requeue: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      const key = this.#keys.get(id);
      if (key === undefined || unique?.while !== 'unfinished') return requeue();
      const holder = await this.#holderOf(key, unique);
      if (holder !== undefined && holder.id !== id) throw keyHeld(holder);
      await requeue();
      this.#take(key, id);
    });
  }

  async #revised(job: Job, creation: JobEvent, onConflict: OnConflict): Promise<Holder> {
    if (!isCreation(creation) || onConflict === 'keep' || !mayBeRevised(job)) return { job };
    await changeJob(job.id, { kind: 'ReviseJob', ...revisionBy(creation.data, onConflict, job) }, this.#system);
    return { job: (await this.#system.log.readJob(job.id))?.job ?? job, revised: true };
  }

  async #holderOf(key: string, unique: Unique): Promise<Job | undefined> {
    const taker = this.#takers.get(key);
    const job = taker === undefined ? undefined : (await this.#system.log.readJob(taker))?.job;
    return job !== undefined && keepsKey(job, unique, this.#system.now()) ? job : undefined;
  }

  #take(key: string, id: string): void {
    this.#takers.set(key, id);
    this.#keys.set(id, key);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn;
    return turn;
  }
}

function keyHeld({ id, status }: Job): ConflictError {
  const title = 'Another job holds the unique key';
  const detail = `job ${id}, which is ${status}, holds the unique key`;
  const problem = { type: 'urn:jobstream:problem:unique-key-held', title, status: 409, detail };
  return new ConflictError(`${title}: ${detail}`, { status: 409, problem });
}
