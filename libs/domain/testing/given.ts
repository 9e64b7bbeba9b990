import { expect } from 'vitest';
import { decide } from '../src/job/decide.ts';
import { evolve, fold } from '../src/job/evolve.ts';
import type { Job } from '../src/job/job.ts';
import type { JobCommand } from '../src/job/jobCommand.ts';
import type { JobEvent } from '../src/job/jobEvent.ts';
import { isRejection, type Rejection } from '../src/messages/commandContext.ts';

/** What a command led to: the event and the job after it, or the code of the refusal and its sentence. */
export type Outcome =
  | { readonly event: JobEvent['event']; readonly data: JobEvent['data']; readonly job: Job | undefined }
  | { readonly refused: Rejection['kind']; readonly detail: string };

/** A specification in three parts: `expect(given(…).when(…)).toEqual(thenHappens(…))`, or `thenRefused(…)`. */
export function given(...events: readonly JobEvent[]): { when(command: JobCommand): Outcome } {
  const state = fold(numbered(events));
  return {
    when(command) {
      const decision = decide(command, state);
      if (isRejection(decision)) return { refused: decision.kind, detail: decision.detail };
      return { event: decision.event, data: decision.data, job: evolve(state, decision) };
    },
  };
}

/** Expects the event with exactly these data, and the given fields in the job after it. */
export function thenHappens(event: JobEvent, job: Partial<Job> = {}): object {
  return { event: event.event, data: event.data, job: expect.objectContaining(job) };
}

/** Expects a refusal in words for users, which know no name of a command or an event. */
export function thenRefused(code: Rejection['kind']): object {
  return { refused: code, detail: expect.stringMatching(/^(?:the|a) job (?!.*[A-Z][a-z])|^attempt \d/u) };
}

/** The events as one history: versions 1, 2, 3… */
export function numbered(events: readonly JobEvent[]): readonly JobEvent[] {
  return events.map((event, index) => ({ ...event, version: index + 1 }));
}
