import { randomUUID } from 'node:crypto';
import { decide, isRejection, type JobCommand } from '@jobstream/domain';
import type { TestApi } from './startApi.ts';

/** What a command says beside who gives it; default `at`: now. */
type Wish<Command> = Command extends { at: infer At }
  ? Omit<Command, 'eventId' | 'at' | 'actor'> & { readonly at?: At }
  : never;

/**
 * Carries commands out on a job, as a worker does; resolves to the sequence of the last event.
 *
 * @throws Error when the job refuses one.
 */
export async function carryOut(api: TestApi, id: string, ...commands: readonly Wish<JobCommand>[]): Promise<number> {
  let last = 0;
  for (const command of commands) {
    const snapshot = await api.log.readJob(id);
    const actor = { kind: 'worker', id: 'w' } as const;
    const context = { eventId: randomUUID(), at: new Date().toISOString(), actor };
    const event = decide({ ...context, ...command }, snapshot?.job);
    if (isRejection(event)) throw new Error(event.detail);
    last = await api.log.append(event, snapshot?.sequence ?? 0);
  }
  return last;
}
