import type { Job } from './job.ts';
import type { JobEvent } from './jobEvent.ts';
import type { JobListFilter, Jobs } from './jobs.ts';
import type { CallOptions } from './transport.ts';

export interface IncidentOptions extends CallOptions {
  /** The maximum number of jobs, the newest of those that match: 1 to 1,000, default 100. */
  readonly limit?: number;
  /** The address of the API, for the commands in the file; default `$API`. */
  readonly url?: string;
}

/** The jobs behind a view with all of their events, as one file. */
export interface Incident {
  /** JSON lines: first the `IncidentHeader`, then an `IncidentJob` a line. */
  readonly text: string;
  /** Of the text in UTF-8, in hexadecimal digits. */
  readonly sha256: string;
  readonly header: IncidentHeader;
}

export interface IncidentHeader {
  readonly format: 'jobstream.incident.v1';
  readonly exportedAt: string;
  readonly filter: JobListFilter;
  /** How many jobs are in the file. */
  readonly jobs: number;
  /** False when more jobs match than the limit allows: then it has the first of them, in the order of the filter. */
  readonly complete: boolean;
  /** What shows the same again. */
  readonly commands: readonly string[];
}

/** A line of the file. */
export interface IncidentJob {
  readonly job: Job;
  readonly events: readonly JobEvent[];
}

const LIMIT = 100;
const MAX_LIMIT = 1_000;
const AT_ONCE = 8;

/** Reads the jobs of a filter with their histories: what the caller's tenant and scopes allow, as `list` and `history` do. */
export async function exportIncident(
  jobs: Pick<Jobs, 'list' | 'history'>,
  filter: JobListFilter,
  { limit = LIMIT, url = '$API', signal }: IncidentOptions,
): Promise<Incident> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new RangeError(`expected a limit from 1 to ${MAX_LIMIT}, got: ${limit}`);
  }
  const call = signal === undefined ? {} : { signal };
  const found = await firstOf(jobs.list(filter, call), limit);
  const lines = await withEvents(found.items, (id) => jobs.history(id, call));
  const header = {
    format: 'jobstream.incident.v1' as const,
    exportedAt: new Date().toISOString(),
    filter,
    jobs: lines.length,
    complete: found.complete,
    commands: commandsOf(filter, lines, url),
  };
  const text = [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
  return { text, sha256: await sha256Of(text), header };
}

async function firstOf(jobs: AsyncIterable<Job>, limit: number): Promise<{ items: readonly Job[]; complete: boolean }> {
  const items: Job[] = [];
  for await (const job of jobs) {
    if (items.length === limit) return { items, complete: false };
    items.push(job);
  }
  return { items, complete: true };
}

/** Several histories at once, and no more than the API takes from one caller. */
async function withEvents(
  jobs: readonly Job[],
  historyOf: (id: string) => Promise<readonly JobEvent[]>,
): Promise<readonly IncidentJob[]> {
  const lines: IncidentJob[] = [];
  for (let from = 0; from < jobs.length; from += AT_ONCE) {
    const some = jobs.slice(from, from + AT_ONCE).map(async (job) => ({ job, events: await historyOf(job.id) }));
    lines.push(...(await Promise.all(some)));
  }
  return lines;
}

function commandsOf(filter: JobListFilter, lines: readonly IncidentJob[], url: string): readonly string[] {
  const query = Object.entries(filter).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}=${encodeURIComponent(String(value))}`),
  );
  const [first] = lines;
  const list = `curl -s '${url}/api/jobs?${query.join('&')}'`;
  if (first === undefined) return [list];
  const { id } = first.job;
  const history = `curl -s '${url}/api/jobs/${id}/events'`;
  const log = `nats sub --stream JOBS 'jobs.*.${id}.>' --all --terminate-at-end --raw`;
  return [list, history, log];
}

async function sha256Of(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
