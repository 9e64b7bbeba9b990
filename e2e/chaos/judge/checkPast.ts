import { isDeepStrictEqual } from 'node:util';
import { PAST_PAGE, type PastAnswer } from './askPast.ts';
import type { LoggedEvent } from './readHistories.ts';
import { replay } from './replay.ts';
import type { Violation } from './violation.ts';

type Histories = ReadonlyMap<string, readonly LoggedEvent[]>;

/** Compares what was answered as of times with a fold of the log until then. */
export function checkPast(answers: readonly PastAnswer[], byJob: Histories): readonly Violation[] {
  return answers.flatMap((answer) => {
    const { items, unknown } = answer;
    const jobs = jobsAt(answer.asOf, byJob);
    const listed = jobs
      .filter(({ status }) => answer.status === undefined || status === answer.status)
      .slice(0, PAST_PAGE)
      .map(({ id, status, version }) => ({ id, status, version }));
    return [
      ...differing('the list', answer, [{ items, unknown }, rightPage(listed, answer)]),
      ...differing('the counts', answer, [answer.counts, countsOf(jobs)]),
    ];
  });
}

/** What must be answered where these jobs are on the page: each of them as it was, or counted among those that are unknown. */
function rightPage<Listed extends { readonly id: string }>(jobs: readonly Listed[], { items }: PastAnswer) {
  const known = jobs.filter(({ id }) => items.some((item) => item.id === id));
  return { items: known, unknown: jobs.length - known.length };
}

/** Newest first, by their first events. */
function jobsAt(asOf: PastAnswer['asOf'], byJob: Histories) {
  const isPast = ({ sequence, storedAt }: LoggedEvent) =>
    'time' in asOf ? storedAt <= asOf.time : sequence <= asOf.sequence;
  return [...byJob]
    .map(([jobId, history]) => ({
      first: history[0]?.sequence ?? 0,
      job: replay(jobId, history.filter(isPast)).job,
    }))
    .toSorted((one, other) => other.first - one.first)
    .flatMap(({ job }) => (job === undefined ? [] : [job]));
}

function countsOf(jobs: ReturnType<typeof jobsAt>): PastAnswer['counts'] {
  const counts: Record<string, Record<string, number>> = {};
  for (const { type, status } of jobs) {
    const ofType = (counts[type] ??= {});
    ofType[status] = (ofType[status] ?? 0) + 1;
  }
  return counts;
}

function differing(what: string, { asOf, status }: PastAnswer, [is, should]: readonly [unknown, unknown]): Violation[] {
  if (isDeepStrictEqual(is, should)) return [];
  const asked = `${JSON.stringify(asOf)}${status === undefined ? '' : ` (${status})`}`;
  return [{ rule: 'past', detail: `${what} at ${asked} is ${JSON.stringify(is)}, not ${JSON.stringify(should)}` }];
}
