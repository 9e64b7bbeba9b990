import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { AcknowledgedChange, LoadRecord } from '../judge/evidence.ts';
import type { ApiAnswer, ApiClient } from './apiClient.ts';
import { wantedJob } from './jobMix.ts';
import type { WantedJob, WantedSignal } from './jobMix.ts';

export interface LoadOptions {
  readonly client: ApiClient;
  readonly seed: string;
  /** Jobs a second. */
  readonly rate: number;
  readonly receiver: string;
  /** Takes a line for all that was sent and all that was acknowledged. */
  readonly file: string;
  /** Called with each acknowledged creation and the start of its request. */
  readonly onCreated: (id: string, beganAt: number) => void;
}

const TICK_MS = 500;
/** Now and then many come at once, so that appends wait together and are committed as a batch. */
const BURST_EVERY = 8;
const BURST = 40;
/** How a signal to a job that has ended is answered. */
const ENDED: ReadonlySet<number> = new Set([404, 409]);
/** As many come in one request meanwhile. */
const BATCH = 10;

/** Creates jobs at a steady rate and writes down, outside of the system, what it was told about them. */
export class LoadGenerator {
  /** Responses that no user should get, under any fault. */
  readonly unexpected: string[] = [];
  readonly #options: LoadOptions;
  readonly #stop = new AbortController();
  readonly #open = new Set<Promise<void>>();
  #sent = 0;
  #acknowledged = 0;
  #ticking: Promise<void> = Promise.resolve();

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  start(): void {
    this.#ticking = this.#tick();
  }

  /** Stops creating jobs, and waits for the responses and the requests that follow them. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ticking;
    await Promise.all(this.#open);
  }

  async #tick(): Promise<void> {
    const { signal } = this.#stop;
    for (let tick = 1; !signal.aborted; tick += 1) {
      const count = Math.round((this.#options.rate * TICK_MS) / 1_000) + (tick % BURST_EVERY === 0 ? BURST : 0);
      for (let job = 0; job < count; job += 1) this.#launch(this.#live(this.#next()));
      if (tick % BURST_EVERY === 0) this.#launch(this.#liveTogether(tick));
      await pause(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #next(): WantedJob {
    const { seed, receiver } = this.#options;
    return wantedJob(seed, this.#sent++, receiver);
  }

  #launch(life: Promise<void>): void {
    const living = life.finally(() => this.#open.delete(living));
    this.#open.add(living);
  }

  /** A job from the client's side: created, perhaps called off or hurried, perhaps run again. */
  async #live(job: WantedJob): Promise<void> {
    const id = await this.#create(job);
    if (id !== undefined) await this.#follow(id, job);
  }

  /** As `#live`, for jobs that are created by one request: those without a unique key, by which a request of many is refused. */
  async #liveTogether(tick: number): Promise<void> {
    const drawn = Array.from({ length: BATCH }, () => this.#next());
    const jobs = drawn.filter(({ body }) => body['unique'] === undefined);
    for (const job of drawn) if (!jobs.includes(job)) this.#launch(this.#live(job));
    const created = await this.#createTogether(jobs, `${this.#options.seed}-batch-${tick}`);
    await Promise.all(created.map(([id, job]) => this.#follow(id, job)));
  }

  async #follow(id: string, job: WantedJob): Promise<void> {
    const signals = (job.signals ?? []).map((signal, index) => this.#signal(id, signal, `${job.token}-${index}`));
    await Promise.all([...signals, this.#goOn(id, job)]);
  }

  /** Sends a signal until it is answered; a job that has ended takes none, and the log may have lost it since. */
  async #signal(id: string, { afterMs, name }: WantedSignal, token: string): Promise<void> {
    await pause(afterMs);
    const request = { path: `/api/jobs/${id}/signals/${name}`, body: { payload: token }, key: token };
    const answer = await this.#options.client.request({ ...request, repeatable: true });
    const signal = (answer?.body['signal'] as { readonly id?: string } | undefined)?.id;
    if (answer?.status === 202 && signal !== undefined) return this.#record({ kind: 'signalled', id, signal });
    if (answer === undefined || !ENDED.has(answer.status))
      this.unexpected.push(`signal ${token}: ${JSON.stringify(answer ?? 'no answer')}`);
  }

  async #goOn(id: string, job: WantedJob): Promise<void> {
    if (job.cancelAfterMs !== undefined) {
      await pause(job.cancelAfterMs);
      await this.#change(id, { action: 'cancel' }, ['cancelled']);
    }
    if (job.runNowAfterMs !== undefined) {
      await pause(job.runNowAfterMs);
      await this.#change(id, { action: 'run-now' }, ['dueNow']);
    }
    if (job.moveAfterMs !== undefined) {
      await pause(job.moveAfterMs);
      const priority = job.body['priority'] === 'low' ? 'high' : 'low';
      await this.#change(id, { action: 'priority', body: { priority } }, ['priorityChanged']);
    }
    if (job.retry !== undefined && (await this.#reaches(id, 'failed'))) await this.#retry(id, job.retry);
    if (job.rerun === true && (await this.#reaches(id, 'completed'))) await this.#rerun(id, job);
  }

  #retry(id: string, body: object): Promise<void> {
    const kinds = 'payload' in body ? (['payloadChanged', 'requeued'] as const) : (['requeued'] as const);
    return this.#change(id, { action: 'retry', body }, kinds);
  }

  /** Asks for a new job like this one, under a name and a key of its own, until it is answered. */
  async #rerun(id: string, first: WantedJob): Promise<void> {
    const token = `${first.token}-again`;
    const request = { path: `/api/jobs/${id}/rerun`, body: { tags: [token] }, key: `${this.#options.seed}-${token}` };
    this.#record({ kind: 'sent', token, keyed: true });
    const answer = await this.#options.client.request({ ...request, repeatable: true });
    if (answer?.status === 409) return; // a server that has just restarted may not know the end of the job yet
    const created = answer?.body['id'];
    if (answer === undefined || answer.status > 201 || typeof created !== 'string') {
      this.unexpected.push(`${token}: ${JSON.stringify(answer ?? 'no answer')}`);
      return;
    }
    const given = laneOf(first.body);
    this.#record({ kind: 'created', token, id: created, status: answer.status, rerunOf: id, ...given });
  }

  async #create({ token, body, key }: WantedJob): Promise<string | undefined> {
    const beganAt = Date.now();
    const keyed = key !== undefined;
    this.#record({ kind: 'sent', token, keyed });
    const answer = await this.#options.client.request({ path: '/api/jobs', body, key, repeatable: keyed });
    const id = answer?.body['id'];
    if (answer === undefined || answer.status > 201 || typeof id !== 'string') {
      // Without a key an unknown outcome is the end of it; with one the client asks until it knows.
      if (answer !== undefined || keyed) this.unexpected.push(`${token}: ${JSON.stringify(answer ?? 'no answer')}`);
      return undefined;
    }
    if (answer.body['existing'] === true) {
      this.#record({ kind: 'held', token, id });
      return undefined;
    }
    this.#acknowledge({ token, body }, { id, status: answer.status, beganAt });
    return id;
  }

  async #createTogether(jobs: readonly WantedJob[], key: string): Promise<readonly (readonly [string, WantedJob])[]> {
    const beganAt = Date.now();
    for (const { token } of jobs) this.#record({ kind: 'sent', token, keyed: true });
    const request = { path: '/api/jobs/batch', body: { jobs: jobs.map(({ body }) => body) }, key, repeatable: true };
    const answer = await this.#options.client.request(request);
    const created = answer?.body['jobs'] as readonly { readonly id: string }[] | undefined;
    if (answer === undefined || created?.length !== jobs.length) {
      this.unexpected.push(`${key}: ${JSON.stringify(answer ?? 'no answer')}`);
      return [];
    }
    return created.flatMap(({ id }, index) => {
      const job = jobs[index];
      if (job === undefined) return [];
      this.#acknowledge(job, { id, status: answer.status, beganAt });
      return [[id, job] as const];
    });
  }

  #acknowledge(
    { token, body }: Pick<WantedJob, 'token' | 'body'>,
    { id, status, beganAt }: { readonly id: string; readonly status: number; readonly beganAt: number },
  ): void {
    this.#record({ kind: 'created', token, id, status, ...laneOf(body) });
    this.#acknowledged += 1;
    this.#options.onCreated(id, beganAt);
  }

  /** Asks for a change until it is answered; a state that forbids it is an answer as well. */
  async #change(
    id: string,
    { action, body = {} }: { readonly action: 'cancel' | 'retry' | 'run-now' | 'priority'; readonly body?: object },
    kinds: readonly AcknowledgedChange[],
  ): Promise<void> {
    const answer = await this.#options.client.request({ path: `/api/jobs/${id}/${action}`, body, repeatable: true });
    if (answer?.status === 200) for (const kind of kinds) this.#record({ kind, id });
  }

  async #reaches(id: string, status: string): Promise<boolean> {
    for (;;) {
      const answer: ApiAnswer | undefined = await this.#options.client.request({
        path: `/api/jobs/${id}`,
        repeatable: true,
      });
      if (answer?.body['status'] === status) return true;
      if (answer === undefined || this.#stop.signal.aborted || answer.body['finishedAt'] !== undefined) return false;
      await pause(TICK_MS);
    }
  }

  #record(record: LoadRecord): void {
    appendFileSync(this.#options.file, `${JSON.stringify(record)}\n`);
  }
}

/** What the judge is told of the priority of a job: nothing for a normal one. */
function laneOf({ priority }: WantedJob['body']): { readonly priority?: string } {
  return priority === 'high' || priority === 'low' ? { priority } : {};
}
