import { carries, creations, type LoggedEvent } from './readHistories.ts';
import type { Violation } from './violation.ts';

/** A writer takes the time before it writes; no clock lets an event come from the future. */
const AHEAD_MS = 1_000;
/** Workers keep their results while the log is unavailable. */
const BEHIND_MS = 60_000;
/** An API gives up an append within this time. */
const CREATION_MS = 10_000;

/** Checks the times that events name against the times at which the server stored them. */
export function checkClocks(jobId: string, history: readonly LoggedEvent[]): readonly Violation[] {
  return history.flatMap((event): Violation[] => {
    const complaint = complaintAbout(event);
    if (complaint === undefined) return [];
    return [{ rule: 'clock', jobId, detail: `${event.event} at ${event.sequence} ${complaint}` }];
  });
}

function complaintAbout({ event, at, storedAt, data }: LoggedEvent): string | undefined {
  const aheadMs = at - storedAt;
  if (aheadMs > AHEAD_MS) return `is ${aheadMs} ms ahead of the server`;
  if (-aheadMs > (creations.includes(event) ? CREATION_MS : BEHIND_MS)) return `is ${-aheadMs} ms behind the server`;
  if (!creations.includes(event) || data['delayMs'] === undefined) return undefined;
  const [waitMs, delayMs] = [Date.parse(String(data['runAt'])) - storedAt, Number(data['delayMs'])];
  const wrong = Math.abs(waitMs - delayMs);
  return wrong > CREATION_MS ? `is to wait ${waitMs} ms and not ${delayMs}` : undefined;
}

/** A wait needs one timer, two or three after crashes; each is stored when it is set and when it fires. */
const TIMERS_PER_WAIT = 10;
/** Waits that nobody sees in the log, and schedules. */
const OTHER_TIMERS = 1_000;

/** Checks that timers were not set over and over. */
export function checkTimers(
  timers: number,
  histories: ReadonlyMap<string, readonly LoggedEvent[]>,
): readonly Violation[] {
  const waits = [...histories.values()].flat().filter(isWait).length;
  const most = waits * TIMERS_PER_WAIT + OTHER_TIMERS;
  return timers <= most ? [] : [{ rule: 'timers', detail: `${timers} messages for ${waits} waits` }];
}

const setsTimer = new Set(['JobRetryScheduled', 'JobSuspended', 'JobPriorityChanged', ...carries]);

function isWait({ event, data }: LoggedEvent): boolean {
  return setsTimer.has(event) || data['runAt'] !== undefined;
}
