import type { NatsConnection } from '@nats-io/transport-node';
import { JOBS_STREAM, TIMERS_STREAM } from './streams.ts';
import { dueConsumer, workerConsumer } from './workConsumers.ts';

/** Calls back when the server says that a consumer of the job type was paused, by whomever; returns how to stop that. */
export function hearPauses(nats: NatsConnection, jobType: string, onPaused: () => void): () => void {
  const consumers = [`${JOBS_STREAM}.${workerConsumer(jobType)}`, `${TIMERS_STREAM}.${dueConsumer(jobType)}`];
  const subscriptions = consumers.map((consumer) =>
    nats.subscribe(`$JS.EVENT.ADVISORY.CONSUMER.PAUSE.${consumer}`, {
      callback: (error, message) => {
        if (error === null && message.json<{ paused?: boolean }>().paused === true) onPaused();
      },
    }),
  );
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
