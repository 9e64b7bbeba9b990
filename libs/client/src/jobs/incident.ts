import type { Job } from './job.ts';
import type { JobEvent } from './jobEvent.ts';
import type { JobListFilter, Jobs } from './jobs.ts';
import type { CallOptions } from '../transport/transport.ts';

export interface IncidentOptions extends CallOptions {
  /** The maximum number of jobs, the newest of those that match: 1 to 1,000, default 100. */
  readonly limit?: number;
  /** The address of the API, for the commands in the file; default `$API`. */
  readonly url?: string;
  /** What stands for a key in the commands, such as `$KEY`; default none, for an open API. */
  readonly key?: string;
}

/** The jobs of a filter, or those with these ids, which may be as many as the limit. */
export type IncidentSelection = JobListFilter | { readonly ids: readonly string[] };

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
  readonly filter: IncidentSelection;
  /** How many jobs are in the file. */
  readonly jobs: number;
  /** False when more jobs match than the limit allows: then it has the first of them, in the order of the filter. */
  readonly complete: boolean;
  /** What shows the list, and the events of the first job, again: for a shell. */
  readonly commands: readonly string[];
}

/** A line of the file. */
export interface IncidentJob {
  readonly job: Job;
  readonly events: readonly JobEvent[];
}

const LIMIT = 100;
const MAX_LIMIT = 1_000;
/** Of the list. */
const MAX_PAGE = 200;
const AT_ONCE = 8;

/** Reads jobs with their histories: what the caller's tenant and scopes allow, as `list` and `history` do. */
export async function exportIncident(
  jobs: Pick<Jobs, 'get' | 'list' | 'history'>,
  filter: IncidentSelection,
  { limit = LIMIT, signal, ...commands }: IncidentOptions,
): Promise<Incident> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new RangeError(`expected a limit from 1 to ${MAX_LIMIT}, got: ${limit}`);
  }
  const call = signal === undefined ? {} : { signal };
  const found = await select(jobs, filter, limit, call);
  const lines = await each(found.items, async (job) => ({ job, events: await jobs.history(job.id, call) }));
  const header = {
    format: 'jobstream.incident.v1' as const,
    exportedAt: new Date().toISOString(),
    filter,
    jobs: lines.length,
    complete: found.complete,
    commands: commandsOf(filter, lines, commands),
  };
  const text = [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
  return { text, sha256: await sha256Of(text), header };
}

interface Selected {
  readonly items: readonly Job[];
  readonly complete: boolean;
}

async function select(
  jobs: Pick<Jobs, 'get' | 'list'>,
  filter: IncidentSelection,
  limit: number,
  call: CallOptions,
): Promise<Selected> {
  if (!('ids' in filter)) return firstOf(jobs.list(filter, call), limit);
  const { ids } = filter;
  return { items: await each(ids.slice(0, limit), (id) => jobs.get(id, call)), complete: ids.length <= limit };
}

async function firstOf(jobs: AsyncIterable<Job>, limit: number): Promise<Selected> {
  const items: Job[] = [];
  for await (const job of jobs) {
    if (items.length === limit) return { items, complete: false };
    items.push(job);
  }
  return { items, complete: true };
}

/** Asks about several at once, and about no more than the API takes from one caller. */
async function each<Item, Answer>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    answers.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(ask))));
  }
  return answers;
}

function commandsOf(
  filter: IncidentSelection,
  lines: readonly IncidentJob[],
  { url = '$API', key }: Pick<IncidentOptions, 'url' | 'key'>,
): readonly string[] {
  const header = key === undefined ? '' : ` -H "authorization: Bearer ${key}"`;
  const curl = (path: string) => `curl -s "${url}/api/jobs${path}"${header}`;
  const list = 'ids' in filter ? [] : [curl(`?${queryOf({ ...filter, limit: pageOf(lines.length) })}`)];
  const [first] = lines;
  if (first === undefined) return list;
  const { id } = first.job;
  const job = 'ids' in filter ? [curl(`/${id}`)] : list;
  const log = `nats sub --stream JOBS 'jobs.*.${id}.>' --all --terminate-at-end --raw`;
  return [...job, curl(`/${id}/events`), log];
}

/** As many jobs as one page of the list can have. */
function pageOf(jobs: number): number {
  return Math.min(Math.max(jobs, 1), MAX_PAGE);
}

function queryOf(query: object): string {
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values as unknown].flat().map((value) => `${name}=${quoted(String(value))}`),
  );
  return pairs.join('&');
}

/** Between double quotes, a shell at a prompt replaces what begins with an exclamation mark. */
function quoted(value: string): string {
  return encodeURIComponent(value).replaceAll('!', '%21');
}

async function sha256Of(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
