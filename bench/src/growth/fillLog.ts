import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { EventLog, newId } from '@jobstream/eventlog';
import { lifeOfJob } from '@jobstream/test-support';
import { connect } from '@nats-io/transport-node';
import { BaselinePublisher } from '../baseline/baselinePublisher.ts';
import { inFlight } from '../measure/concurrency.ts';

const IN_FLIGHT = 2_000;
const TOKENS: Readonly<Record<string, string>> = {
  JobCreated: 'created',
  JobStarted: 'started',
  JobCompleted: 'completed',
};

/** Writes the whole lives of finished jobs, as fast as it can be done with the expectations of ours; returns their ids. */
export async function fillLog(url: string, jobs: number): Promise<string[]> {
  const log = new EventLog({ url, name: 'growth' }); // creates the stream
  await log.start();
  await log.stop();
  const nats = await connect({ servers: url, noAsyncTraces: true });
  const ids = await appendLives(new BaselinePublisher(nats), jobs);
  await nats.close();
  return ids;
}

/** As `fillLog`, into a stream that exists, of jobs that may have a shorter life. */
export async function appendLives(
  publisher: BaselinePublisher,
  jobs: number,
  lifeOf: (jobId: string) => readonly JobEvent[] = lifeOfJob,
): Promise<string[]> {
  const ids: string[] = [];
  await inFlight(jobs, IN_FLIGHT, (_, done) => {
    const id = newId();
    ids.push(id);
    append(publisher, lifeOf(id), 0, done);
  });
  return ids;
}

function append(
  publisher: BaselinePublisher,
  [event, ...later]: readonly JobEvent[],
  expected: number,
  done: () => void,
) {
  if (event === undefined) return done();
  const filter = `jobs.${event.jobType}.${event.jobId}.>`;
  const subject = filter.replace('>', TOKENS[event.event] ?? '');
  const message = { subject, body: Buffer.from(encodeJobEvent(event)), expected, filter };
  publisher.publish(message, (sequence) => append(publisher, later, sequence, done));
}
