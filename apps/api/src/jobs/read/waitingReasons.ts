import { type Job, type RecordedStep, timestampOf } from '@jobstream/domain';
import { ReadModelUnavailableError, SchemaMismatchError, type QueuePosition } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import type { Caller } from '../../auth/caller.ts';
import { TypeStates } from '../../jobTypes/typeStates.ts';
import { forTenant, isQueued, type WaitingFor } from '../view/waitingView.ts';
import { dependsOnType, waitingFor } from './waitingFor.ts';

type Asking = Pick<Caller, 'tenant'>;
type Deps = Pick<ApiDeps, 'log' | 'announced' | 'table'>;

const COUNTED_AT_MOST = 10_000;
/** Requests for single jobs, each of which may read thousands of index entries; beyond these the answer lacks what they would add. */
const MAX_ASKED = 4;

/** Finds out why jobs wait, as far as it is known without waiting for it. */
export class WaitingReasons {
  readonly #deps: Deps;
  readonly #types: TypeStates;
  #asking = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#types = new TypeStates(deps);
  }

  /** Returns the reasons for a list, without how many jobs are ahead and which wait it is: it costs no request for a job. */
  async ofAll(jobs: readonly Job[], { tenant }: Asking): Promise<readonly (WaitingFor | undefined)[]> {
    const now = this.#deps.log.clock.now();
    const stateOf = jobs.some((job) => dependsOnType(job, now)) ? await this.#types.read() : undefined;
    return jobs.map((job) => {
      const isWorkerGone = job.worker !== undefined && this.#types.isGone(job.worker);
      const waiting = waitingFor(job, { now, type: stateOf?.(job.type), isWorkerGone });
      return waiting && tenant !== undefined ? forTenant(waiting) : waiting;
    });
  }

  /** Returns the reason for one job, with how many of its type are ahead, or which wait it is. */
  async of(job: Job, { tenant }: Asking): Promise<WaitingFor | undefined> {
    const [waiting] = await this.ofAll([job], {});
    const full = waiting && (await this.#inFull(waiting, job, tenant));
    return full && tenant !== undefined ? forTenant(full) : full;
  }

  /** Adds what the table knows of a single job. */
  async #inFull(waiting: WaitingFor, job: Job, tenant: string | undefined): Promise<WaitingFor> {
    if (waiting.reason === 'sleep') return { ...waiting, ...(await this.#sleepOf(job)) };
    if (waiting.reason === 'signal') return { ...waiting, until: await this.#limitOf(job) };
    const position = isQueued(waiting) ? await this.#positionOf(job, tenant) : undefined;
    return position === undefined ? waiting : { ...waiting, ...placeOf(position) };
  }

  #positionOf(job: Job, tenant: string | undefined): Promise<QueuePosition | undefined> {
    const { id, type } = job;
    const now = timestampOf(this.#deps.log.clock.now());
    return this.#asked((table) => table.findQueuePosition({ id, type, tenant, now, readyAt: readyAt(job) }));
  }

  /** Returns what the sleep is called that ends when the job is due. */
  async #sleepOf({ id, runAt }: Job) {
    const sleep = (await this.#stepsOf(id)).find(({ result }) => isInstant(result, runAt));
    return { name: sleep?.name, key: sleep?.key };
  }

  /** Returns when the job is due, if a time limit or a sleep ends then. */
  async #limitOf({ id, runAt }: Job) {
    const ends = (await this.#stepsOf(id)).flatMap(({ result, waitsUntil }) => [result, waitsUntil]);
    return ends.some((end) => isInstant(end, runAt)) ? runAt : undefined;
  }

  async #stepsOf(id: string): Promise<readonly RecordedStep[]> {
    const stored = await this.#asked((table) => table.readSteps(id));
    return this.#deps.log.contents.openSteps(id, stored ?? []);
  }

  /** Asks the table, unless it is asked for too much already; undefined if it does not answer. */
  async #asked<Answer>(ask: (table: Deps['table']) => Promise<Answer>): Promise<Answer | undefined> {
    if (this.#asking >= MAX_ASKED) return undefined;
    this.#asking++;
    try {
      return await ask(this.#deps.table);
    } catch (error) {
      if (error instanceof ReadModelUnavailableError || error instanceof SchemaMismatchError) return undefined;
      throw error;
    } finally {
      this.#asking--;
    }
  }
}

/** Whether a result, or the end of a time limit, is this instant, in whichever notation. */
function isInstant(end: unknown, instant: string | undefined): boolean {
  return typeof end === 'string' && instant !== undefined && Date.parse(end) === Date.parse(instant);
}

/** A job that was requeued or released is ready since then. */
function readyAt({ status, version, runAt, createdAt, updatedAt }: Job): string {
  if (status !== 'pending' && runAt !== undefined) return runAt;
  return version === 1 ? createdAt : updatedAt;
}

function placeOf({ ahead, isMore, ended, endedWithinMs }: QueuePosition) {
  return {
    ahead: Math.min(ahead, COUNTED_AT_MOST),
    aheadIsMore: isMore || ahead > COUNTED_AT_MOST ? (true as const) : undefined,
    estimateMs: ended === 0 ? undefined : Math.round(((ahead + 1) * endedWithinMs) / ended),
  };
}
