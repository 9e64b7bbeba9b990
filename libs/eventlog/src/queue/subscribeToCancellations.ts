import type { NatsConnection } from '@nats-io/transport-node';
import { cancelledSubject, jobIdOfSubject } from '../streams/jobSubjects.ts';

/**
 * Calls back with the job's id for each JobCancelled of these types that passes the server; returns how to stop that.
 * A plain subscription also hears what the stream refuses a moment later (a cancel that lost a race), and hears it
 * before it can be read: what is heard is a hint to read the job, not news.
 */
export function subscribeToCancellations(
  nats: NatsConnection,
  jobTypes: readonly string[],
  onHint: (jobId: string) => void,
): () => void {
  const subscriptions = jobTypes.map((jobType) =>
    nats.subscribe(cancelledSubject(jobType), {
      callback: (error, message) => {
        if (error === null) onHint(jobIdOfSubject(message.subject));
      },
    }),
  );
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
