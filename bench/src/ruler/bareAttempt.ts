import type { JsMsg } from '@nats-io/jetstream';
import type { BareMessage } from './barePublisher.ts';

export interface BarePublish {
  publish(message: BareMessage, onStored: (sequence: number) => void): void;
}

interface Created {
  readonly id: string;
  readonly jobId: string;
  readonly jobType: string;
  readonly data: { readonly payload: unknown };
}

/** Two events that build on each other, the run between them, and the acknowledgement: an attempt without a thought. */
export function bareAttempt(
  message: JsMsg,
  publisher: BarePublish,
  run: (payload: unknown, onRun: () => void) => void,
  onDone: () => void,
): void {
  const created = message.json<Created>();
  const base = message.subject.slice(0, message.subject.lastIndexOf('.'));
  const filter = `${base}.>`;
  const started = event(created, 'JobStarted', 2, { attempt: 1, worker: 'worker-of-the-ruler' });
  publisher.publish({ subject: `${base}.started`, body: started, expected: message.seq, filter }, (expected) => {
    run(created.data.payload, () => {
      const completed = event(created, 'JobCompleted', 3, { attempt: 1, durationMs: 0 });
      publisher.publish({ subject: `${base}.completed`, body: completed, expected, filter }, () => {
        message.ack();
        onDone();
      });
    });
  });
}

/** Like one of ours, of the same size. */
function event({ id, jobId, jobType }: Created, name: string, version: number, data: object): Uint8Array {
  const [own, at] = [crypto.randomUUID(), new Date().toISOString()];
  const actor = { kind: 'worker', id: 'worker-of-the-ruler' };
  const envelope = { v: 1, id: own, event: name, jobId, jobType, version, at, actor, causationId: id };
  return Buffer.from(JSON.stringify({ ...envelope, data }));
}
