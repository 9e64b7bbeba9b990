import type { Actor } from '../eventEnvelope.ts';
import type { Tenant } from '../tenant.ts';
import type { Timestamp } from '../timestamp.ts';
import type { ScheduleDefinition, TickRecord } from './schedule.ts';
import type { ScheduleName } from './scheduleName.ts';

/** Carried by every command: who asks, when and why, and the new event's id. */
export interface ScheduleContext {
  readonly eventId: string;
  readonly at: Timestamp;
  readonly actor: Actor;
  readonly causationId?: string;
  readonly correlationId?: string;
}

/** Everything that one can ask of a schedule. `RecordTicks` says what was done about the ticks up to `tickAt`. */
export type ScheduleCommand = ScheduleContext &
  (
    | {
        readonly kind: 'CreateSchedule';
        readonly schedule: ScheduleName;
        readonly definition: ScheduleDefinition;
        readonly tenant?: Tenant;
      }
    | { readonly kind: 'UpdateSchedule'; readonly definition: ScheduleDefinition }
    | { readonly kind: 'DeleteSchedule' }
    | ({ readonly kind: 'RecordTicks' } & TickRecord)
  );
export type ScheduleCommandOf<Name extends ScheduleCommand['kind']> = Extract<ScheduleCommand, { readonly kind: Name }>;
