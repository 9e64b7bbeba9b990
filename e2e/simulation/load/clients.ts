import { setTimeout as pause } from 'node:timers/promises';
import type { SeededRandom } from '../../chaos/seededRandom.ts';
import type { AcknowledgedChange, LoadRecord } from '../../chaos/judge/evidence.ts';
import { Api, type Answer, type Change } from '../processes/api.ts';
import { noteSurprise } from '../processes/surprises.ts';
import type { World } from '../world/world.ts';
import { newId } from '@jobstream/eventlog';
import type { PlannedJob, PlannedSignal } from './plan.ts';

const APIS = 2;
const TRIES = 8;
const LONGEST_PAUSE_MS = 3_000;
/** Longer than a job may need to go on once it was signalled. */
const RELEASE_MS = 600_000;

/** What an acknowledged change is called in the record; none for one that nobody checks. */
const RECORDS: { readonly [Kind in Change['kind']]?: AcknowledgedChange } = {
  CancelJob: 'cancelled',
  RequeueJob: 'requeued',
  RunJobNow: 'dueNow',
  ChangePriority: 'priorityChanged',
};

/** Clients that create jobs and change them, by API processes that may die with a request. */
export class Clients {
  /** What they have sent and were told. */
  readonly records: LoadRecord[] = [];
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #apis: Api[] = [];
  #apisStarted = 0;
  #signals = 0;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.randomFor('clients');
    for (let count = 0; count < APIS; count++) this.#startApi();
  }

  /** Does all that was planned for these jobs. */
  async run(jobs: readonly PlannedJob[]): Promise<void> {
    await Promise.all(jobs.map((job) => this.#follow(job)));
  }

  async #follow(job: PlannedJob): Promise<void> {
    await pause(job.atMs);
    const { token } = job.request.payload as { readonly token: string };
    this.records.push({ kind: 'sent', token, keyed: job.key !== undefined });
    const requests = Array.from({ length: job.isTwice ? 2 : 1 }, () => this.#create(job, token));
    const [answer] = await Promise.all(requests);
    if (answer === undefined) return;
    await Promise.all([
      ...job.changes.map(({ afterMs, change }) => this.#change(answer.id, afterMs, change)),
      ...job.signals.map((signal) => this.#signal(answer.id, signal)),
    ]);
  }

  /** Sends what jobs wait for and have not got, now and again until the end. */
  async release(): Promise<void> {
    while (!this.#world.isOver) {
      await Promise.all(this.#world.awaited().map(({ id, name }) => this.#send(id, name)));
      await pause(RELEASE_MS);
    }
  }

  async #signal(id: string, { afterMs, name, isTwice }: PlannedSignal): Promise<void> {
    await pause(afterMs);
    await this.#send(id, name, isTwice ? 2 : 1);
  }

  /** Each signal has another payload, and the same id however often it is sent. */
  async #send(id: string, name: string, times = 1): Promise<void> {
    const signal = { id: newId(), name, payload: `signal-${++this.#signals}` };
    const requests = Array.from({ length: times }, () => this.#ask((api) => api.signal(id, signal), TRIES));
    const answers = await Promise.all(requests);
    if (answers.includes(true)) this.records.push({ kind: 'signalled', id, signal: signal.id });
  }

  /** Only a request with a key can be repeated. */
  async #create({ request, key }: PlannedJob, token: string): Promise<Answer | undefined> {
    const answer = await this.#ask((api) => api.create(request, key), key === undefined ? 1 : TRIES);
    if (answer === undefined) return undefined;
    const { kind, id } = answer;
    const { priority } = request;
    const given = priority === undefined || priority === 'normal' ? {} : { priority };
    this.records.push(kind === 'held' ? { kind, token, id } : { kind, token, id, status: 201, ...given });
    return answer;
  }

  async #change(id: string, afterMs: number, change: Change): Promise<void> {
    await pause(afterMs);
    const isChanged = await this.#ask((api) => api.change(id, change), TRIES);
    const kind = RECORDS[change.kind];
    if (isChanged === true && kind !== undefined) this.records.push({ kind, id });
  }

  /** Asks one API process after the other until one answers; undefined if none does. */
  async #ask<Answered>(request: (api: Api) => Promise<Answered>, tries: number): Promise<Answered | undefined> {
    for (let count = 1; count <= tries; count++) {
      const api = this.#random.pick(this.#apis);
      const died = api.process.died.then(() => undefined);
      const answered = request(api).catch((error: unknown) => noteSurprise(this.#world, error));
      const answer = (await Promise.race([answered, died])) ?? undefined;
      if (answer !== undefined) return answer;
      await pause(this.#random.int(1, LONGEST_PAUSE_MS));
    }
    return undefined;
  }

  #startApi(): void {
    const api = new Api(this.#world, `api-${++this.#apisStarted}`);
    this.#apis.push(api);
    api.process.onDeath(() => {
      this.#apis.splice(this.#apis.indexOf(api), 1);
      if (!this.#world.isOver) this.#startApi();
    });
  }
}
