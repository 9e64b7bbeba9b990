import type { NatsConnection } from '@nats-io/transport-node';
import { workConsumers } from './workConsumers.ts';

/** Calls back when the server says that a consumer of the job type was paused, by whomever; returns how to stop that. */
export function subscribeToPauses(nats: NatsConnection, jobType: string, onPaused: () => void): () => void {
  const subscriptions = workConsumers({ jobType }).map(({ stream, config }) =>
    nats.subscribe(`$JS.EVENT.ADVISORY.CONSUMER.PAUSE.${stream}.${config.durable_name}`, {
      callback: (error, message) => {
        if (error === null && message.json<{ paused?: boolean }>().paused === true) onPaused();
      },
    }),
  );
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
