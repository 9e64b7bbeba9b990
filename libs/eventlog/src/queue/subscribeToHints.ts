import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { eventFilter, jobIdOfSubject } from '../streams/jobSubjects.ts';
import { workConsumers } from './workConsumers.ts';

/**
 * Calls back for each message that is published on the subjects; returns how to stop. A plain subscription also receives
 * messages that the stream rejects a moment later (an append that lost a race), and receives them before they can be
 * read: such a message is only a hint to read the job or schedule.
 */
export function subscribeToHints(
  nats: NatsConnection,
  subjects: readonly string[],
  onMessage: (message: Msg) => void,
): () => void {
  const callback = (error: Error | null, message: Msg) => {
    if (error === null) onMessage(message);
  };
  const subscriptions = subjects.map((subject) => nats.subscribe(subject, { callback }));
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}

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
