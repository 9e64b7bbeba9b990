import { randomBytes } from 'node:crypto';
import type { Job, JobEvent } from '@jobstream/domain';
import { LogUnavailableError } from '../errors.ts';
import type { RecordedEvent } from '../read/recordedEvent.ts';
import type { JobKey, JobKeys } from './jobKeys.ts';
import { hasContents, isSealed, openEvent, openJob, sealEvent } from './sealedEvent.ts';

type Keys = Pick<JobKeys, 'find' | 'findOrCreate' | 'create' | 'shred'>;

/**
 * Encrypts what jobs are about (payloads, results, messages of errors and of progress) on its way into the log, and
 * decrypts it on its way out. Without keys it lets everything pass. LogUnavailableError when the keys cannot be had.
 */
export class Contents {
  readonly #keys: Keys | undefined;

  constructor(keys: Keys | undefined) {
    this.#keys = keys;
  }

  /** The event as it is to be stored; at once where there is nothing to encrypt. */
  seal<Event extends JobEvent>(event: Event): Event | Promise<Event> {
    return this.#keys === undefined || !hasContents(event) ? event : this.#sealed(event, this.#keys);
  }

  async #sealed<Event extends JobEvent>(event: Event, keys: Keys): Promise<Event> {
    const { jobId } = event;
    const key = await (event.event === 'JobCreated' ? keys.create(jobId) : keys.findOrCreate(jobId));
    return sealEvent(event, key.kind === 'key' ? key.secret : secretInPlaceOf(key.kind, event));
  }

  sealAll(events: readonly JobEvent[]): Promise<readonly JobEvent[]> {
    return Promise.all(events.map(async (event) => this.seal(event)));
  }

  /** Events as they were before they were stored; see `isShredded` and `isUnreadable` for what cannot be had. */
  async openEvents(recorded: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> {
    const sealed = recorded.filter(({ event }) => isSealed(event));
    const keys = await this.#keysOf(sealed.map(({ event }) => event.jobId));
    if (keys.size === 0) return recorded;
    return recorded.map((one) => {
      const key = keys.get(one.event.jobId);
      return key === undefined ? one : { ...one, event: openEvent(one.event, key) };
    });
  }

  /** As `openEvents`, for the states of jobs. */
  async openJobs(jobs: readonly Job[]): Promise<readonly Job[]> {
    const keys = await this.#keysOf(jobs.filter(isSealed).map(({ id }) => id));
    if (keys.size === 0) return jobs;
    return jobs.map((job) => {
      const key = keys.get(job.id);
      return key === undefined ? job : openJob(job, key);
    });
  }

  async openJob(job: Job): Promise<Job> {
    const [opened = job] = await this.openJobs([job]);
    return opened;
  }

  /** Makes all contents of the job unreadable, everywhere and for good; false when they are not encrypted. */
  async shred(jobId: string): Promise<boolean> {
    return this.#keys === undefined ? false : this.#keys.shred(jobId);
  }

  /** Where there are no keys at all, sealed contents are unreadable. */
  async #keysOf(jobIds: readonly string[]): Promise<ReadonlyMap<string, JobKey>> {
    const found = [...new Set(jobIds)].map(async (jobId) => {
      return [jobId, (await this.#keys?.find(jobId)) ?? { kind: 'none' as const }] as const;
    });
    return new Map<string, JobKey>(await Promise.all(found));
  }
}

/**
 * What comes after the key was destroyed shall be as unreadable as what came before. A locked key may be had again, so
 * what somebody counts on is refused until then. Failures go on, lest a worker repeats them for ever.
 */
function secretInPlaceOf(kind: Exclude<JobKey['kind'], 'key'>, { event, jobId }: JobEvent): Uint8Array {
  if (kind === 'locked' && (event === 'JobCreated' || event === 'JobCompleted')) {
    throw new LogUnavailableError(`the key of job ${jobId} needs a master key that is not in PAYLOAD_KEYS here`);
  }
  return randomBytes(32);
}
