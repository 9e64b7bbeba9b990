import { randomBytes } from 'node:crypto';
import {
  isCreation,
  isReadable,
  type Job,
  type JobEvent,
  type LoggedEvent,
  type RecordedStep,
  type Signal,
  type StepOutcome,
} from '@jobstream/domain';
import { LogUnavailableError } from '../errors.ts';
import type { RecordedEvent } from '../read/logEntry.ts';
import type { JobKey, JobKeys } from './jobKeys.ts';
import { open, seal } from './jwe.ts';
import {
  hasContents,
  hasValue,
  haveSealed,
  isSealed,
  openEvent,
  openJob,
  openSignals,
  openSteps,
  sealEvent,
} from './sealedEvent.ts';

type Keys = Pick<JobKeys, 'find' | 'findOrCreate' | 'create' | 'shred'>;

/** A decrypted text. `shredded`: its key was destroyed. `unreadable`: this process does not have the key. */
export type OpenedText =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'shredded' | 'unreadable' };

/**
 * Encrypts the contents of jobs (payloads, results, messages of errors and of progress) before they are stored, and
 * decrypts what was read. Without keys it stores contents in clear, and sealed ones are unreadable. Methods reject with
 * LogUnavailableError when the keys cannot be read or stored.
 */
export class ContentSealer {
  readonly #keys: Keys | undefined;

  constructor(keys: Keys | undefined) {
    this.#keys = keys;
  }

  /** Whether contents are encrypted before they are stored. */
  get isEncrypting(): boolean {
    return this.#keys !== undefined;
  }

  /** Returns the event as it is to be stored; not a promise where there is nothing to encrypt. */
  seal<Event extends JobEvent>(event: Event): Event | Promise<Event> {
    return this.#keys === undefined || !hasContents(event) ? event : this.#sealed(event, this.#keys);
  }

  async #sealed<Event extends JobEvent>(event: Event, keys: Keys): Promise<Event> {
    const { jobId } = event;
    const key = await (isCreation(event) ? keys.create(jobId) : keys.findOrCreate(jobId));
    return sealEvent(event, key.kind === 'key' ? key.secret : lostSecret(key.kind, event));
  }

  sealAll(events: readonly JobEvent[]): Promise<readonly JobEvent[]> {
    return Promise.all(events.map(async (event) => this.seal(event)));
  }

  /** Decrypts events; see `isShredded` and `isUnreadable` for contents that cannot be. */
  async openEvents<Event extends LoggedEvent>(
    recorded: readonly RecordedEvent<Event>[],
  ): Promise<readonly RecordedEvent<Event>[]> {
    const sealed = recorded.filter(({ event }) => isReadable(event) && isSealed(event));
    const keys = await this.#keysOf(sealed.map(({ event }) => event.jobId));
    if (keys.size === 0) return recorded;
    return recorded.map((one) => {
      const key = keys.get(one.event.jobId);
      const { event } = one;
      return key === undefined || !isReadable(event) ? one : { ...one, event: openEvent(event, key) };
    });
  }

  /** Decrypts the states of jobs, as `openEvents` does. */
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

  /** Decrypts the results and errors of steps of a job, as `openEvents` does. */
  async openSteps<Step extends StepOutcome>(jobId: string, steps: readonly Step[]): Promise<readonly Step[]> {
    if (!haveSealed(steps, jobId)) return steps;
    const key = (await this.#keysOf([jobId])).get(jobId);
    return key === undefined ? steps : openSteps(steps, jobId, key);
  }

  /** Decrypts the steps and the signals that a job has, as `openEvents` does. */
  async openEntries(
    jobId: string,
    { steps, signals }: { readonly steps?: readonly RecordedStep[]; readonly signals?: readonly Signal[] },
  ): Promise<{ readonly steps?: readonly RecordedStep[]; readonly signals?: readonly Signal[] }> {
    return {
      ...(steps && { steps: await this.openSteps(jobId, steps) }),
      ...(signals && { signals: await this.openSignals(jobId, signals) }),
    };
  }

  /** Decrypts the payloads of signals of a job, as `openEvents` does. */
  async openSignals(jobId: string, signals: readonly Signal[]): Promise<readonly Signal[]> {
    if (!haveSealed(signals, jobId)) return signals;
    const key = (await this.#keysOf([jobId])).get(jobId);
    return key === undefined ? signals : openSignals(signals, jobId, key);
  }

  /** Encrypts a text about a job; undefined when its key was destroyed or is locked, so that nothing could be read again. */
  async sealText(jobId: string, text: string): Promise<string | undefined> {
    const key = await this.#keys?.findOrCreate(jobId);
    return key?.kind === 'key' ? seal(Buffer.from(text), key.secret, { kid: jobId }) : undefined;
  }

  /** Decrypts what `sealText` returned, or says why it cannot. */
  async openText(jobId: string, token: string): Promise<OpenedText> {
    const key = await this.#keys?.find(jobId);
    if (key?.kind === 'shredded') return { kind: 'shredded' };
    if (key?.kind !== 'key') return { kind: 'unreadable' };
    try {
      return { kind: 'text', text: Buffer.from(open(token, key.secret)).toString() };
    } catch {
      return { kind: 'unreadable' };
    }
  }

  /** Destroys the job's key, so that its contents are unreadable everywhere and for good. Returns false if it has none. */
  async shred(jobId: string): Promise<boolean> {
    return this.#keys === undefined ? false : this.#keys.shred(jobId);
  }

  async #keysOf(jobIds: readonly string[]): Promise<ReadonlyMap<string, JobKey>> {
    const found = [...new Set(jobIds)].map(async (jobId) => {
      return [jobId, (await this.#keys?.find(jobId)) ?? { kind: 'none' as const }] as const;
    });
    return new Map<string, JobKey>(await Promise.all(found));
  }
}

/**
 * Returns a key that is not kept: events after the key was destroyed must be as unreadable as those before. A locked key
 * may become available again, so payloads and results are refused until then. Failures are stored, since a worker would
 * otherwise repeat them for ever.
 */
function lostSecret(kind: Exclude<JobKey['kind'], 'key'>, { event, jobId }: JobEvent): Uint8Array {
  if (kind === 'locked' && hasValue(event)) {
    throw new LogUnavailableError(`the key of job ${jobId} needs a master key that is not in PAYLOAD_KEYS here`);
  }
  return randomBytes(32);
}
