import { setTimeout as pause } from 'node:timers/promises';
import { ConflictError, type CreatedJob, type JobstreamClient, UnavailableError } from '@jobstream/client';
import { FAULTY_CUSTOMER, planHour, type PlannedStep, type Release, type ShopStep } from './shopPlan.ts';

export interface Shop {
  readonly client: Pick<JobstreamClient, 'jobs' | 'schedules' | 'types' | 'stats'>;
  /** Replaces the workers of the shop by those of a release. */
  readonly deploy: (release: Release) => Promise<void>;
  /** How many seconds the hour takes. */
  readonly seconds: number;
  readonly seed: number;
  /** Part of each idempotency key, so that another run makes other jobs. */
  readonly run: string;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface PopulatedShop {
  readonly jobs: number;
  /** Since when webhooks of one customer fail. */
  readonly deployedAt: string;
}

const SETTLING_TYPES = ['order-email', 'order-webhook', 'invoice', 'thumbnail', 'product-import', 'stock-report'];
const POLL_MS = 500;
const SETTLING_MS = 120_000;
const CHANGE_ATTEMPTS = 5;

/** Lets an hour of the shop happen, and waits until everything has ended that does not wait for somebody. */
export async function populate(shop: Shop): Promise<PopulatedShop> {
  const { seed, seconds, say } = shop;
  const steps = planHour(seed);
  const jobs = new Set(steps.flatMap((step) => (step.do === 'create' ? [step.key] : []))).size;
  say(`the shop opens: ${jobs} jobs in ${seconds} s, as many as in an hour of a small shop`);
  const hour = new ShopHour(shop);
  await hour.run(steps);
  await settled(shop);
  say(`${jobs} jobs were created; webhooks of ${FAULTY_CUSTOMER} fail since ${hour.deployedAt}`);
  return { jobs, deployedAt: hour.deployedAt };
}

/** Does the steps at their times, which are those of the clock. */
class ShopHour {
  readonly #shop: Shop;
  readonly #created = new Map<string, Promise<CreatedJob>>();
  readonly #paused = new Map<string, Promise<unknown>>();
  readonly #failed = new AbortController();
  deployedAt = '';

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  async run(steps: readonly PlannedStep[]): Promise<void> {
    const begun = performance.now();
    const { seconds, signal } = this.#shop;
    const stop = AbortSignal.any([this.#failed.signal, ...(signal === undefined ? [] : [signal])]);
    const atItsTime = async ({ at, ...step }: PlannedStep) => {
      await pause(Math.max(0, begun + at * seconds * 1_000 - performance.now()), undefined, { signal: stop });
      await this.#do(step);
    };
    try {
      await Promise.all(steps.map(atItsTime));
    } finally {
      this.#failed.abort(); // the steps that are left, when one has failed
    }
  }

  async #do(step: ShopStep): Promise<void> {
    const { client } = this.#shop;
    switch (step.do) {
      case 'create':
        this.#created.set(step.key, this.#create(step));
        return void (await this.#created.get(step.key));
      case 'cancel':
        return void (await client.jobs.cancel(await this.#idOf(step.key), { reason: step.reason }));
      case 'retry':
        return this.#retry(step);
      case 'schedule':
        return ensure(() => client.schedules.create(step.schedule));
      case 'run-schedule':
        return void (await client.schedules.run(step.name, { reason: 'the buyer asks for it' }));
      case 'pause':
        this.#paused.set(step.type, client.types.pause(step.type, { reason: step.reason }));
        await this.#paused.get(step.type);
        return this.#shop.say(`${step.type} is paused: ${step.reason}`);
      case 'deploy':
        return this.#deploy(step.release);
    }
  }

  /** A job of a paused type is to wait, so it comes when the pause holds. */
  async #create({ key, job }: Extract<ShopStep, { do: 'create' }>): Promise<CreatedJob> {
    const { client, run } = this.#shop;
    await this.#paused.get(job.type);
    return client.jobs.create(job, { idempotencyKey: `${run}-${key}` });
  }

  async #retry({ key, payload, reason }: Extract<ShopStep, { do: 'retry' }>): Promise<void> {
    const { jobs } = this.#shop.client;
    const id = await this.#idOf(key);
    await jobs.waitForCompletion(id);
    await ensure(() => jobs.retry(id, { payload, reason }));
  }

  /** The producers send the new form from now on, whatever time the workers take. */
  async #deploy(release: Release): Promise<void> {
    this.deployedAt = new Date().toISOString();
    this.#shop.say(`release ${release} is deployed`);
    await this.#shop.deploy(release);
  }

  async #idOf(key: string): Promise<string> {
    const created = await this.#created.get(key);
    if (created === undefined) throw new Error(`the plan has no job ${key} before it is changed`);
    return created.id;
  }
}

/** Repeats a change whose answer was lost; if it was made after all, or in an earlier run, it conflicts. */
async function ensure(change: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return void (await change());
    } catch (error) {
      if (error instanceof ConflictError) return;
      if (!(error instanceof UnavailableError) || attempt === CHANGE_ATTEMPTS) throw error;
    }
  }
}

async function settled({ client, say, signal }: Shop): Promise<void> {
  const unended = { type: SETTLING_TYPES, status: ['pending', 'processing', 'retrying'], limit: 1 } as const;
  for (const end = performance.now() + SETTLING_MS; performance.now() < end; await pause(POLL_MS)) {
    signal?.throwIfAborted();
    const { projector } = await client.stats();
    if (projector?.lagEvents === 0 && (await client.jobs.listPage(unended)).items.length === 0) return;
  }
  say('some jobs have not ended yet');
}
