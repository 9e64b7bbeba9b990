import type { NatsConnection } from '@nats-io/transport-node';
import { subscribeToHints } from '../connection/subscribeToHints.ts';
import { eventFilter, jobIdOfSubject } from '../streams/jobSubjects.ts';
import { workConsumers } from './workConsumers.ts';

/** Calls back with the job's id for each JobCancelled of these types, as a hint; returns how to stop. */
export function subscribeToCancellations(
  nats: NatsConnection,
  jobTypes: readonly string[],
  onHint: (jobId: string) => void,
): () => void {
  const filters = jobTypes.map((jobType) => eventFilter('JobCancelled', jobType));
  return subscribeToHints(nats, filters, ({ subject }) => onHint(jobIdOfSubject(subject)));
}

/** Calls back when a consumer of the job type was paused, by any client; returns how to stop. */
export function subscribeToPauses(nats: NatsConnection, jobType: string, onPaused: () => void): () => void {
  const consumers = workConsumers({ jobType }).map(({ stream, config }) => `${stream}.${config.durable_name}`);
  const advisories = consumers.map((consumer) => `$JS.EVENT.ADVISORY.CONSUMER.PAUSE.${consumer}`);
  return subscribeToHints(nats, advisories, (message) => {
    if (message.json<{ paused?: boolean }>().paused === true) onPaused();
  });
}
