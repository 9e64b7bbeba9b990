import type { Actor, JobEvent, OperatorEventName } from '@jobstream/client';

/** What created a job. */
export interface Origin {
  readonly actor: Actor;
  /** The schedule whose tick, or whose run by hand, it is. */
  readonly schedule?: { readonly name: string; readonly tickAt: string };
  readonly rerunOf?: string;
  readonly reason?: string;
  /** The request or the operation. */
  readonly correlationId?: string | undefined;
}

/** `nightly@2026-11-27T03:00:00.000Z`: the schedule and the time of a tick. */
const TICK = /^(?<name>.+)@(?<tickAt>\d{4}-\d\d-\d\dT[\d:.]+Z)$/;

/** Reads from the first event of a job what created it. */
export function originOf(first: JobEvent): Origin {
  const { actor, causationId = '', correlationId } = first;
  const tick = TICK.exec(causationId)?.groups as { name: string; tickAt: string } | undefined;
  return {
    actor,
    ...(tick === undefined ? {} : { schedule: { name: tick.name, tickAt: tick.tickAt } }),
    ...repetitionOf(first),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

function repetitionOf({ data }: JobEvent): Pick<Origin, 'rerunOf' | 'reason'> {
  const [rerunOf, reason] = ['rerunOf' in data ? data.rerunOf : undefined, 'reason' in data ? data.reason : undefined];
  return { ...(rerunOf === undefined ? {} : { rerunOf }), ...(reason === undefined ? {} : { reason }) };
}

/** An event by which somebody outside of the workers changed the course of a job. */
export type Intervention = Extract<JobEvent, { readonly event: OperatorEventName }>;

/** What became of the job by each. */
export const deeds: Readonly<Record<OperatorEventName, string>> = {
  JobCancelled: 'cancelled',
  JobRequeued: 'retried',
  JobRequeuedWithPriority: 'retried',
  JobPriorityChanged: 'given another priority',
  JobDueNow: 'made due at once',
  JobPayloadChanged: 'given another payload',
  JobRevised: 'revised',
  JobSignalled: 'sent a signal',
};

/** Selects what was done to a job by hand, or by an operation. */
export function interventionsOf(events: readonly JobEvent[]): readonly Intervention[] {
  return events.filter((event): event is Intervention => Object.hasOwn(deeds, event.event));
}
