import { eventually } from '@jobstream/test-support';
import type { RawMessage } from '../../harness/rawLog.ts';
import { seededRandom, type SeededRandom } from '../seededRandom.ts';

/** What the API has answered as of a time. */
export interface PastAnswer {
  /** After the message with this sequence, or at this time in milliseconds since 1970. */
  readonly asOf: { readonly sequence: number } | { readonly time: number };
  /** The status of the listed jobs; undefined for all. */
  readonly status: string | undefined;
  /** The first page. */
  readonly items: readonly { readonly id: string; readonly status: string; readonly version: number }[];
  /** Of how many more jobs of the page the service said that their state is not known any more. */
  readonly unknown: number;
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** As many jobs of a list are looked at. */
export const PAST_PAGE = 20;

const QUESTIONS = 200;
const AT_ONCE = 4;
const STATUSES = [
  undefined,
  'scheduled',
  'pending',
  'processing',
  'waiting',
  'retrying',
  'completed',
  'failed',
  'cancelled',
];

/** Asks for lists and counts as of random times of a run: after some message, or between the times of two. */
export async function askPast(api: string, messages: readonly RawMessage[], seed: string): Promise<PastAnswer[]> {
  const random = seededRandom(seed, 'moments of the past');
  const first = messages.findIndex(({ subject }) => subject.startsWith('jobs.'));
  const begun = messages.slice(first);
  const questions = Array.from({ length: begun.length === 0 ? 0 : QUESTIONS }, () => ({
    asOf: asOfAmong(begun, random),
    status: random.pick(STATUSES),
  }));
  const answers: PastAnswer[] = [];
  for (let start = 0; start < questions.length; start += AT_ONCE) {
    answers.push(...(await Promise.all(questions.slice(start, start + AT_ONCE).map((one) => ask(api, one)))));
  }
  return answers;
}

function asOfAmong(messages: readonly RawMessage[], random: SeededRandom): PastAnswer['asOf'] {
  const { sequence, storedAt } = random.pick(messages);
  return random.chance(0.5) ? { sequence } : { time: storedAt + random.int(0, 3) };
}

async function ask(api: string, { asOf, status }: Pick<PastAnswer, 'asOf' | 'status'>): Promise<PastAnswer> {
  const parameter = 'time' in asOf ? new Date(asOf.time).toISOString() : asOf.sequence;
  const only = status === undefined ? '' : `&status=${status}`;
  const [page, stats] = await Promise.all([
    read<Pick<PastAnswer, 'items' | 'unknown'>>(`${api}/api/jobs?asOf=${parameter}&limit=${PAST_PAGE}${only}`),
    read<{ jobs: { byType: PastAnswer['counts'] } }>(`${api}/api/stats?asOf=${parameter}`),
  ]);
  const items = page.items.map((job) => ({ id: job.id, status: job.status, version: job.version }));
  return { asOf, status, items, unknown: page.unknown, counts: stats.jobs.byType };
}

/** As any client, it asks again when a busy system has no answer in time. */
function read<Body>(url: string): Promise<Body> {
  return eventually(
    async () => {
      const response = await fetch(url);
      if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`);
      return (await response.json()) as Body;
    },
    { timeoutMs: 60_000 },
  );
}
