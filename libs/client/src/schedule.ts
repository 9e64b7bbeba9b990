import type { Actor } from './jobEvent.ts';
import type { Backoff } from './job.ts';
import type { NewJob } from './job.ts';

export type CatchUpPolicy = 'skip' | 'latest' | 'all';

/** What a schedule is to be; docs/schedules.md has the limits and the defaults. */
export interface NewSchedule {
  readonly name: string;
  readonly cron: string;
  /** Of the IANA database; UTC if not given. */
  readonly timeZone?: string;
  /** What each tick creates. */
  readonly job: Omit<NewJob, 'runAt' | 'delayMs'>;
  readonly enabled?: boolean;
  readonly catchUp?: { readonly policy?: CatchUpPolicy; readonly limit?: number };
}

/** The ticks up to `tickAt` are dealt with. */
export interface TickRecord {
  readonly tickAt: string;
  readonly jobIds: readonly string[];
  readonly skipped: number;
}

export interface ScheduleDefinition {
  readonly cron: string;
  readonly timeZone: string;
  readonly job: JobTemplate;
  readonly enabled: boolean;
  readonly catchUp: { readonly policy: CatchUpPolicy; readonly limit: number };
}

export interface JobTemplate {
  readonly type: string;
  readonly payload: unknown;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly timeoutMs: number;
  readonly tags: readonly string[];
}

/** A schedule as the API shows it. `version` is that of its definition. */
export interface Schedule extends ScheduleDefinition {
  readonly name: string;
  readonly tenant?: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastTick?: TickRecord;
  readonly nextTicks: readonly string[];
}

/** What belongs to each event of a schedule, by its name. */
export interface ScheduleEventData {
  readonly ScheduleCreated: ScheduleDefinition & { readonly ticksFrom: string };
  readonly ScheduleUpdated: ScheduleDefinition & { readonly ticksFrom: string; readonly createdAt: string };
  readonly ScheduleDeleted: object;
  readonly ScheduleTicked: TickRecord;
}

export type ScheduleEventName = keyof ScheduleEventData;

/** Something that happened to a schedule. */
export type ScheduleEvent = { readonly [Name in ScheduleEventName]: EventOf<Name> }[ScheduleEventName];

interface EventOf<Name extends ScheduleEventName> {
  readonly sequence: number;
  readonly recordedAt: string;
  readonly v: 1;
  readonly event: Name;
  readonly id: string;
  readonly schedule: string;
  readonly version: number;
  readonly at: string;
  readonly actor: Actor;
  readonly causationId?: string;
  readonly correlationId?: string;
  readonly tenant?: string;
  readonly data: ScheduleEventData[Name];
}
