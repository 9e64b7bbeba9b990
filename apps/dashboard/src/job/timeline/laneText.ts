import { formatDuration } from '../../format/duration.ts';
import type { Lane, Sleep } from './lanes.ts';
import { spansOf, totalMs } from './spans.ts';

/** Says how long an attempt has waited, run and slept, and how it ended. */
export function laneText(lane: Lane, now: number): string {
  const { waitsFrom, startedAt, endedAt, outcome, sleeps = [] } = lane;
  if (startedAt === undefined) return waitText(lane, now);
  const spans = spansOf(lane, now);
  const asleep = endedAt === undefined ? sleeps.findLast(({ to }) => to === undefined) : undefined;
  const ran = outcome === undefined && asleep === undefined ? 'running for' : 'ran';
  const slept = asleep === undefined ? sleptText(totalMs(spans, 'sleep'), sleeps) : [];
  return [
    `waited ${formatDuration(startedAt - waitsFrom)}`,
    `${ran} ${formatDuration(totalMs(spans, 'run'))}`,
    ...slept,
    ...(asleep === undefined ? [] : [asleepText(asleep, now)]),
    ...(outcome === undefined ? [] : [outcome]),
  ].join(', ');
}

function asleepText({ from, dueAt, signals }: Sleep, now: number): string {
  const sleeping = signals === undefined ? 'sleeping' : `waiting for the signal ${signals.join(' or ')}`;
  return `${sleeping} for ${formatDuration(now - from)}${dueText(dueAt, now)}`;
}

function sleptText(ms: number, sleeps: readonly Sleep[]): readonly string[] {
  const times = sleeps.length;
  if (times === 0) return [];
  const [slept, pauses] = sleeps.some(({ signals }) => signals !== undefined)
    ? ['slept or waited for signals', 'pauses']
    : ['slept', 'sleeps'];
  return [`${slept} ${formatDuration(ms)}${times === 1 ? '' : ` in ${times.toLocaleString()} ${pauses}`}`];
}

/** Of a wait after which no attempt has begun yet. */
function waitText({ waitsFrom, dueAt, endedAt, outcome }: Lane, now: number): string {
  if (outcome !== undefined) return `${outcome} after a wait of ${formatDuration((endedAt ?? now) - waitsFrom)}`;
  return `waiting for ${formatDuration(now - waitsFrom)}${dueText(dueAt, now)}`;
}

function dueText(dueAt: number | undefined, now: number): string {
  return dueAt !== undefined && dueAt > now ? `, due in ${formatDuration(dueAt - now)}` : '';
}
