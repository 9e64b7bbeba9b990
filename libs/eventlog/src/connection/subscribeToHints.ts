import type { Msg, NatsConnection } from '@nats-io/transport-node';

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
