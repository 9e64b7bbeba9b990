import { carries, creations, type LoggedEvent, requeues, runStarts } from '../../chaos/judge/readHistories.ts';
import type { Finding } from './finding.ts';

const SETS_PRIORITY = new Set([...creations, ...requeues, 'JobPriorityChanged']);
/** These change nothing in whether the job runs. */
const ASIDE = new Set([...carries, 'JobSignalled']);
const OF_A_RUN = new Set([...runStarts, 'JobProgressed', 'JobStepsRecorded']);

/** Whether each start of a waiting job that a timer calls for comes on the way of the priority that the job has. */
export function checkLanes(
  jobId: string,
  history: readonly LoggedEvent[],
  calls: ReadonlyMap<string, string>,
): readonly Finding[] {
  let wanted = 'due';
  let runs = false;
  return history.flatMap(({ event, sequence, causationId = '', data: { priority } }) => {
    const isStart = runStarts.includes(event) && !runs;
    if (!ASIDE.has(event)) runs = OF_A_RUN.has(event);
    if (SETS_PRIORITY.has(event)) wanted = typeof priority === 'string' && priority !== 'normal' ? priority : 'due';
    const lane = isStart ? laneOfTimer(causationId, calls) : undefined;
    if (lane === undefined || lane === wanted) return [];
    return { rule: 'lane', jobId, detail: `a timer of ${lane} started it at ${sequence}, not one of ${wanted}` };
  });
}

/** The way on which the timer came that is the cause; undefined for another cause. */
function laneOfTimer(causationId: string, calls: ReadonlyMap<string, string>): string | undefined {
  const [timer = ''] = causationId.split('#');
  return calls.get(timer)?.split('.')[1];
}
