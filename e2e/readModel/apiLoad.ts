import { setTimeout as pause } from 'node:timers/promises';

/** Clients that write and read all the time, and note what must never be: a failure, or a table that went back in time. */
export interface ApiLoad {
  readonly faults: readonly string[];
  readonly requests: number;
  /** Milliseconds of the slowest answer. */
  readonly slowestMs: number;
  stop(): Promise<void>;
}

interface JobView {
  readonly id: string;
  readonly version: number;
}

interface Stats {
  readonly jobs: { readonly total: number; readonly byStatus: Readonly<Record<string, number>> };
}

const PAUSE_MS = 5;
const KEPT = 5_000;

export function startApiLoad(api: string): ApiLoad {
  const load = new Load(api);
  const running = Promise.all([load.create, load.list, load.readOne, load.stats].map((step) => load.repeat(step)));
  return {
    faults: load.faults,
    get requests() {
      return load.requests;
    },
    get slowestMs() {
      return load.slowestMs;
    },
    async stop() {
      load.stopped = true;
      await running;
    },
  };
}

class Load {
  readonly faults: string[] = [];
  requests = 0;
  slowestMs = 0;
  stopped = false;
  readonly #api: string;
  readonly #versions = new Map<string, number>();
  #total = 0;
  #completed = 0;

  constructor(api: string) {
    this.#api = api;
  }

  async repeat(step: () => Promise<void>): Promise<void> {
    while (!this.stopped) {
      await step().catch((error: unknown) => this.faults.push(String(error)));
      await pause(PAUSE_MS);
    }
  }

  readonly create = async (): Promise<void> => {
    const body = JSON.stringify({ type: 'email', payload: { to: 'user@example.com' } });
    const created = await this.#ask<JobView>('/api/jobs', { method: 'POST', body });
    this.#see(created);
  };

  readonly list = async (): Promise<void> => {
    const before = new Map(this.#versions);
    const { items } = await this.#ask<{ items: JobView[] }>('/api/jobs?limit=100&status=completed');
    for (const job of items) {
      this.#check('list', job, before);
      this.#see(job);
    }
  };

  readonly readOne = async (): Promise<void> => {
    const known = [...this.#versions.keys()];
    const id = known[Math.floor(Math.random() * known.length)];
    if (id === undefined) return;
    const before = new Map([[id, this.#versions.get(id) ?? 0]]);
    const job = await this.#ask<JobView>(`/api/jobs/${id}`);
    this.#check('job', job, before);
    this.#see(job);
  };

  readonly stats = async (): Promise<void> => {
    const { total, byStatus } = (await this.#ask<Stats>('/api/stats')).jobs;
    const completed = byStatus['completed'] ?? 0;
    if (total < this.#total) this.faults.push(`the number of jobs fell from ${this.#total} to ${total}`);
    if (completed < this.#completed) this.faults.push(`completed jobs fell from ${this.#completed} to ${completed}`);
    [this.#total, this.#completed] = [total, completed];
  };

  #check(where: string, { id, version }: JobView, before: ReadonlyMap<string, number>): void {
    const seen = before.get(id) ?? 0;
    if (version < seen) this.faults.push(`${where}: job ${id} went back from version ${seen} to ${version}`);
  }

  #see({ id, version }: JobView): void {
    if (version > (this.#versions.get(id) ?? 0)) this.#versions.set(id, version);
    for (const oldest of this.#versions.keys()) {
      if (this.#versions.size <= KEPT) return;
      this.#versions.delete(oldest);
    }
  }

  async #ask<Body>(path: string, init: RequestInit = {}): Promise<Body> {
    const started = performance.now();
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.#api}${path}`, { ...init, headers });
    const text = await response.text();
    this.requests += 1;
    this.slowestMs = Math.max(this.slowestMs, performance.now() - started);
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as Body;
  }
}
