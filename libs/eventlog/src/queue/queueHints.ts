import type { NatsConnection } from '@nats-io/transport-node';
import { subscribeToHints } from '../connection/subscribeToHints.ts';
import { jobIdOfSubject, tokenFilter } from '../streams/jobSubjects.ts';
import { possibleConsumers } from './consumers/consumerSettings.ts';

/** Calls back with the job's id for each JobCancelled of these types, as a hint; returns how to stop. */
export function subscribeToCancellations(
  nats: NatsConnection,
  jobTypes: readonly string[],
  onHint: (jobId: string) => void,
): () => void {
  const filters = jobTypes.map((jobType) => tokenFilter('cancelled', jobType));
  return subscribeToHints(nats, filters, ({ subject }) => onHint(jobIdOfSubject(subject)));
}

/** Calls back when a consumer of a lane of the job type was created; returns how to stop. */
export function subscribeToNewConsumers(nats: NatsConnection, jobType: string, onCreated: () => void): () => void {
  const ofLanes = possibleConsumers(jobType).filter(({ lane }) => lane !== undefined);
  const advisories = ofLanes.map(
    ({ stream, config }) => `$JS.EVENT.ADVISORY.CONSUMER.CREATED.${stream}.${config.durable_name}`,
  );
  return subscribeToHints(nats, advisories, onCreated);
}

/** Calls back when a consumer of the job type was paused, by any client; returns how to stop. */
export function subscribeToPauses(nats: NatsConnection, jobType: string, onPaused: () => void): () => void {
  const consumers = possibleConsumers(jobType).map(({ stream, config }) => `${stream}.${config.durable_name}`);
  const advisories = consumers.map((consumer) => `$JS.EVENT.ADVISORY.CONSUMER.PAUSE.${consumer}`);
  return subscribeToHints(nats, advisories, (message) => {
    if (message.json<{ paused?: boolean }>().paused === true) onPaused();
  });
}
