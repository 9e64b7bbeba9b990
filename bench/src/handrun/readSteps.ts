import { randomUUID } from 'node:crypto';
import { decide, evolve, isRejection, type JobCommand, type JobState } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { newJob, startNats } from '@jobstream/test-support';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const PROMISED_MS = 20;
const WARM_UP = 5;

type Without<Command> = Command extends JobCommand ? Omit<Command, 'eventId' | 'at' | 'actor'> : never;

export const readSteps: HandrunBench = {
  name: 'read-steps',
  summary:
    'How long a worker takes to read a job whose first attempt has recorded many steps, each in an event of its own, before it ' +
    'begins the second; fails above 20 ms.',
  parameters: '[steps = 1000] [reads = 50]',
  async run(args) {
    const [steps, reads] = numbersOf(args, 1_000, 50);
    await using nats = await startNats();
    const log = new EventLog({ url: nats.url, name: 'bench' });
    await log.start();
    try {
      const jobId = await jobWithSteps(log, steps);
      const times: number[] = [];
      for (let count = 0; count < WARM_UP + reads; count++) {
        const from = performance.now();
        const snapshot = await log.readJob(jobId);
        times.push(performance.now() - from);
        if (snapshot?.steps?.length !== steps) throw new Error('steps are missing');
      }
      const sorted = times.slice(WARM_UP).toSorted((one, other) => one - other);
      const [median = 0, first = 0] = [sorted[Math.floor(sorted.length / 2)], times[0]];
      console.log(
        `${steps} steps: ${median.toFixed(1)} ms (median of ${reads}), the first time ${first.toFixed(1)} ms`,
      );
      return median <= PROMISED_MS;
    } finally {
      await log.stop();
    }
  },
};

/** A job that waits for its second attempt. */
async function jobWithSteps(log: EventLog, steps: number): Promise<string> {
  const created = newJob({}, 'order');
  let job: JobState = evolve(undefined, created);
  let sequence = await log.append(created, 0);
  const does = async (command: Without<JobCommand>) => {
    const envelope = {
      eventId: randomUUID(),
      at: new Date().toISOString(),
      actor: { kind: 'worker', id: 'w' },
    } as const;
    const event = decide({ ...envelope, ...command }, job);
    if (isRejection(event)) throw new Error(event.detail);
    job = evolve(job, event);
    sequence = await log.append(event, sequence);
  };
  await does({ kind: 'StartAttempt', worker: 'w' });
  for (let step = 0; step < steps; step++)
    await does({
      kind: 'RecordSteps',
      attempt: 1,
      steps: [{ name: 'send', key: String(step), result: { id: step }, durationMs: 1 }],
    });
  const error = { name: 'Error', message: 'busy' };
  await does({ kind: 'FailAttempt', attempt: 1, error, cause: 'error', random: 0, durationMs: 1 });
  return created.jobId;
}
