import { EventLog, newId } from '@jobstream/eventlog';
import { lifeOfJob } from '@jobstream/test-support';
import { inLanes } from '../measure/concurrency.ts';

/**
 * How the events of jobs are interleaved. `concurrent`: those of a job are some hundred events apart, as workers with a
 * concurrency of 100 leave them. `backlog`: all jobs are created before the first one starts.
 */
export type LogShape = 'concurrent' | 'backlog';

export const LOG_SHAPES: readonly LogShape[] = ['concurrent', 'backlog'];

/** Appends in flight: the next event of a job comes after about as many others. */
const IN_FLIGHT: Readonly<Record<LogShape, number>> = { concurrent: 300, backlog: 1_000 };
/** Each pass over all jobs appends these of their three events. */
const PASSES: Readonly<Record<LogShape, readonly (readonly [from: number, to: number])[]>> = {
  concurrent: [[0, 3]],
  backlog: [
    [0, 1],
    [1, 3],
  ],
};

/** Fills the log with the whole lives of `jobs` jobs, three events each. */
export async function fillShapedLog(url: string, jobs: number, shape: LogShape): Promise<void> {
  const eventLog = new EventLog({ url, name: 'bench-fill', deadlineMs: 60_000 });
  await eventLog.start();
  const lives = Array.from({ length: jobs }, () => ({ jobId: newId(), sequence: 0 }));
  for (const [from, to] of PASSES[shape])
    await inLanes(jobs, IN_FLIGHT[shape], async (index) => {
      const life = lives[index] ?? { jobId: '', sequence: 0 };
      for (const event of lifeOfJob(life.jobId).slice(from, to))
        life.sequence = await eventLog.append(event, life.sequence);
    });
  await eventLog.stop();
}
