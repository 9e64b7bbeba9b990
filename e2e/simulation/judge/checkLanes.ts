import { creations, type LoggedEvent, requeues } from '../../chaos/judge/readHistories.ts';
import type { Finding } from './finding.ts';

const SETS_PRIORITY = new Set([...creations, ...requeues, 'JobPriorityChanged']);
const OF_A_RUN = new Set(['JobStarted', 'JobProgressed']);

/** Whether each start of a waiting job that a timer calls for comes on the way of the priority that the job has. */
export function checkLanes(
  jobId: string,
  history: readonly LoggedEvent[],
  calls: ReadonlyMap<string, string>,
): readonly Finding[] {
  let priority: unknown;
  let runs = false;
  return history.flatMap(({ event, sequence, causationId = '', data }): Finding[] => {
    const ranBefore = runs;
    if (event !== 'JobCarried') runs = OF_A_RUN.has(event);
    if (SETS_PRIORITY.has(event)) priority = data['priority'];
    const [timer = ''] = causationId.split('#');
    const [, lane] = calls.get(timer)?.split('.') ?? [];
    if (event !== 'JobStarted' || ranBefore || lane === undefined) return [];
    const wanted = priority === undefined || priority === 'normal' ? 'due' : priority;
    return lane === wanted
      ? []
      : [
          {
            rule: 'lane',
            jobId,
            detail: `${timer} of ${lane} started it at ${sequence}, not one of ${String(wanted)}`,
          },
        ];
  });
}
