import { formatDuration } from '../../format/duration.ts';
import type { Lane } from './lanes.ts';
import { spansOf, totalMs } from './spans.ts';

/** Says how long an attempt has waited, run and slept, and how it ended. */
export function laneText(lane: Lane, now: number): string {
  const { waitsFrom, startedAt, endedAt, outcome, sleeps = [] } = lane;
  if (startedAt === undefined) return waitText(lane, now);
  const spans = spansOf(lane, now);
  const asleep = endedAt === undefined ? sleeps.findLast(({ to }) => to === undefined) : undefined;
  const ran = outcome === undefined && asleep === undefined ? 'running for' : 'ran';
  const slept = asleep === undefined ? sleptText(totalMs(spans, 'sleep'), sleeps.length) : [];
  return [
    `waited ${formatDuration(startedAt - waitsFrom)}`,
    `${ran} ${formatDuration(totalMs(spans, 'run'))}`,
    ...slept,
    ...(asleep === undefined ? [] : [`sleeping for ${formatDuration(now - asleep.from)}${dueText(asleep.dueAt, now)}`]),
    ...(outcome === undefined ? [] : [outcome]),
  ].join(', ');
}

function sleptText(ms: number, times: number): readonly string[] {
  if (times === 0) return [];
  return [`slept ${formatDuration(ms)}${times === 1 ? '' : ` in ${times.toLocaleString()} sleeps`}`];
}

/** Of a wait after which no attempt has begun yet. */
function waitText({ waitsFrom, dueAt, endedAt, outcome }: Lane, now: number): string {
  if (outcome !== undefined) return `${outcome} after a wait of ${formatDuration((endedAt ?? now) - waitsFrom)}`;
  return `waiting for ${formatDuration(now - waitsFrom)}${dueAt === undefined ? '' : dueText(dueAt, now)}`;
}

function dueText(dueAt: number, now: number): string {
  return dueAt > now ? `, due in ${formatDuration(dueAt - now)}` : '';
}
