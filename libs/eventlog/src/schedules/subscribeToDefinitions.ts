import { decodeScheduleEvent } from '@jobstream/domain';
import type { NatsConnection } from '@nats-io/transport-node';
import { DEFINING_SUBJECTS } from '../streams/scheduleSubjects.ts';

/** A schedule was created, updated or deleted, perhaps: `version` is that of the event. */
export interface DefinitionHint {
  readonly name: string;
  readonly version: number;
}

/**
 * Calls back for each event that defines a schedule as it passes the server; returns how to stop that. As with
 * cancellations it is a hint to read the schedule, since the stream may refuse the event a moment later.
 */
export function subscribeToDefinitions(nats: NatsConnection, onHint: (hint: DefinitionHint) => void): () => void {
  const subscriptions = DEFINING_SUBJECTS.map((subject) =>
    nats.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return;
        const decoded = decodeScheduleEvent(message.string());
        if (decoded.kind === 'event') onHint({ name: decoded.event.schedule, version: decoded.event.version });
      },
    }),
  );
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
