import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { AcknowledgedChange, LoadRecord } from '../judge/evidence.ts';
import type { ApiAnswer, ApiClient } from './apiClient.ts';
import { wantedJob } from './jobMix.ts';
import type { WantedJob } from './jobMix.ts';

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
      for (let job = 0; job < count; job += 1) this.#launch(this.#sent++);
      await pause(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #launch(index: number): void {
    const { seed, receiver } = this.#options;
    const living = this.#live(wantedJob(seed, index, receiver)).finally(() => this.#open.delete(living));
    this.#open.add(living);
  }

  /** A job from the client's side: created, perhaps called off or hurried, perhaps run again. */
  async #live(job: WantedJob): Promise<void> {
    const id = await this.#create(job);
    if (id === undefined) return;
    if (job.cancelAfterMs !== undefined) {
      await pause(job.cancelAfterMs);
      await this.#change(id, { action: 'cancel' }, ['cancelled']);
    }
    if (job.runNowAfterMs !== undefined) {
      await pause(job.runNowAfterMs);
      await this.#change(id, { action: 'run-now' }, ['dueNow']);
    }
    if (job.retry !== undefined && (await this.#reaches(id, 'failed'))) await this.#retry(id, job.retry);
    if (job.rerun === true && (await this.#reaches(id, 'completed'))) await this.#rerun(id, job.token);
  }

  #retry(id: string, body: object): Promise<void> {
    const kinds = 'payload' in body ? (['payloadChanged', 'requeued'] as const) : (['requeued'] as const);
    return this.#change(id, { action: 'retry', body }, kinds);
  }

  /** Asks for a new job like this one, under a name and a key of its own, until it is answered. */
  async #rerun(id: string, first: string): Promise<void> {
    const token = `${first}-again`;
    const request = { path: `/api/jobs/${id}/rerun`, body: { tags: [token] }, key: `${this.#options.seed}-${token}` };
    this.#record({ kind: 'sent', token, keyed: true });
    const answer = await this.#options.client.request({ ...request, repeatable: true });
    if (answer?.status === 409) return; // a server that has just restarted may not know the end of the job yet
    const created = answer?.body['id'];
    if (answer === undefined || answer.status > 201 || typeof created !== 'string') {
      this.unexpected.push(`${token}: ${JSON.stringify(answer ?? 'no answer')}`);
      return;
    }
    this.#record({ kind: 'created', token, id: created, status: answer.status, rerunOf: id });
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
    this.#record({ kind: 'created', token, id, status: answer.status });
    this.#acknowledged += 1;
    this.#options.onCreated(id, beganAt);
    return id;
  }

  /** Asks for a change until it is answered; a state that forbids it is an answer as well. */
  async #change(
    id: string,
    { action, body = {} }: { readonly action: 'cancel' | 'retry' | 'run-now'; readonly body?: object },
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
