import { encodeJobEvent } from '@jobstream/domain';
import { newJob } from '@jobstream/test-support';
import type { JsMsg } from '@nats-io/jetstream';
import type { Payload } from '../systems/jobSystem.ts';
import type { BaselineMessage } from './baselinePublisher.ts';

export interface BaselinePublish {
  publish(message: BaselineMessage, onStored: (sequence: number) => void): void;
}

interface Created {
  readonly id: string;
  readonly jobId: string;
  readonly jobType: string;
  readonly data: { readonly payload: unknown };
}

/** Two events that build on each other, the run between them, and the acknowledgement: an attempt and nothing else. */
export function baselineAttempt(
  message: JsMsg,
  publisher: BaselinePublish,
  run: (payload: unknown, onRun: () => void) => void,
  onDone: () => void,
): void {
  const created = message.json<Created>();
  const base = message.subject.slice(0, message.subject.lastIndexOf('.'));
  const filter = `${base}.>`;
  const started = workerEvent(created, 'JobStarted', 2, { attempt: 1, worker: 'worker-of-baseline' });
  publisher.publish({ subject: `${base}.started`, body: started, expected: message.seq, filter }, (expected) => {
    run(created.data.payload, () => {
      const completed = workerEvent(created, 'JobCompleted', 3, { attempt: 1, durationMs: 0 });
      publisher.publish({ subject: `${base}.completed`, body: completed, expected, filter }, () => {
        message.ack();
        onDone();
      });
    });
  });
}

/** Like one of ours, of the same size. */
function workerEvent({ id, jobId, jobType }: Created, name: string, version: number, data: object): Uint8Array {
  const [own, at] = [crypto.randomUUID(), new Date().toISOString()];
  const actor = { kind: 'worker', id: 'worker-of-baseline' };
  const envelope = { v: 1, id: own, event: name, jobId, jobType, version, at, actor, causationId: id };
  return Buffer.from(JSON.stringify({ ...envelope, data }));
}

/** Writes a job of ours as it is created; `onStored` is told its id. */
export function baselineCreation(
  publisher: BaselinePublish,
  payload: Payload,
  onStored: (jobId: string) => void,
): void {
  const event = newJob(payload);
  const subject = `baseline.bench.${event.jobId}.created`;
  const body = Buffer.from(encodeJobEvent(event));
  publisher.publish({ subject, body, expected: 0 }, () => onStored(event.jobId));
}
