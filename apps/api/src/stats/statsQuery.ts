import { JobType } from '@jobstream/domain';
import type { Resolution } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import { invalidParameters, queryDecoder } from '../http/parsing/decodeQuery.ts';
import { Instant } from '@jobstream/creation';
import { type AsOf, AsOfParameter, parseAsOf } from '../past/asOf.ts';
import { positionParameter } from '../http/tablePosition.ts';

const MINUTE_MS = 60_000;
/** Later years have more digits than RFC 3339 and Postgres accept. */
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');
const UNITS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: 60 * MINUTE_MS, d: 1_440 * MINUTE_MS };

/** A length of time, such as `24h`. */
export const Window = Schema.String.check(
  Schema.isPattern(/^[1-9]\d{0,3}[mhd]$/u, {
    expected: 'a number of minutes, hours or days, such as 15m, 24h or 30d',
  }),
);

/** The length of a window in milliseconds. */
export function windowMs(window: string): number {
  return Number(window.slice(0, -1)) * (UNITS[window.slice(-1)] ?? 0);
}

/** The last period before `now`, from its beginning to `now`. */
export function lastPeriod(window: string, now: number): { readonly from: string; readonly to: string } {
  return { from: instantOf(Math.max(0, now - windowMs(window))), to: instantOf(now) };
}

/** The query of `GET /api/stats`. */
export const StatsQuery = Schema.Struct({
  window: Schema.optionalKey(Window).annotateKey({ description: 'Include the activity of this last period.' }),
  from: Schema.optionalKey(Instant).annotateKey({ description: 'Include the activity from this time on.' }),
  to: Schema.optionalKey(Instant).annotateKey({ description: 'With `from`: the end of the period; default now.' }),
  type: Schema.optionalKey(JobType).annotateKey({ description: 'Of the jobs of this type alone.' }),
  asOf: Schema.optionalKey(AsOfParameter).annotateKey({
    description: 'The numbers of jobs at this time, or after the event with this `sequence`; not with a period.',
  }),
  ...positionParameter,
});

/** The requested span in whole periods of one length; RFC 3339 times, `to` is exclusive. */
export interface StatsSpan {
  readonly resolution: Resolution;
  readonly from: string;
  readonly to: string;
}

/** How far back the rows of a resolution exist, and the longest span for which they are not too many. */
const LENGTHS = [
  { resolution: 'minute', ms: MINUTE_MS, mostBack: 47 * 60 * MINUTE_MS, mostSpan: 120 * MINUTE_MS },
  { resolution: 'hour', ms: 60 * MINUTE_MS, mostBack: 61 * 1_440 * MINUTE_MS, mostSpan: 7 * 1_440 * MINUTE_MS },
  { resolution: 'day', ms: 1_440 * MINUTE_MS, mostBack: Infinity, mostSpan: Infinity },
] as const;

const decode = queryDecoder(StatsQuery);

/** What statistics are asked for: those as of a time, of now with those of a period, or of now alone; of all jobs, or of a type. */
export interface StatsPlan {
  readonly type?: string;
  readonly asOf?: AsOf;
  readonly span?: StatsSpan;
}

/** Decodes a request. @throws Problem `invalid-parameter`, which names each invalid parameter. */
export function decodeStatsQuery(parameters: unknown, now: number): StatsPlan {
  const { asOf, type, minPosition: _minPosition, ...period } = decode(parameters);
  return { ...(type === undefined ? {} : { type }), ...timeOf({ asOf, period }, now) };
}

interface StatsTime {
  readonly asOf: typeof AsOfParameter.Type | undefined;
  readonly period: Period;
}

function timeOf({ asOf, period }: StatsTime, now: number): Pick<StatsPlan, 'asOf' | 'span'> {
  const isPeriod = Object.keys(period).length > 0;
  if (asOf !== undefined && isPeriod) {
    throw invalidParameters([{ parameter: 'asOf', detail: 'must not be given together with window, from or to' }]);
  }
  if (asOf !== undefined) return { asOf: parseAsOf(asOf) };
  if (!isPeriod) return {};
  const [start, end] = boundsOf(period, now);
  if (start >= end) throw invalidParameters([{ parameter: 'from', detail: 'must be before to' }]);
  return { span: spanOf(start, end, now) };
}

type Period = Pick<typeof StatsQuery.Type, 'window' | 'from' | 'to'>;

function boundsOf({ window, from, to }: Period, now: number): readonly [number, number] {
  if (window !== undefined) {
    if ((from ?? to) !== undefined)
      throw invalidParameters([{ parameter: 'window', detail: 'must not be given together with from or to' }]);
    return [now - windowMs(window), now];
  }
  if (from === undefined) throw invalidParameters([{ parameter: 'to', detail: 'must be given together with from' }]);
  return [Date.parse(from), to === undefined ? now : Date.parse(to)];
}

/** Selects the shortest periods that exist and are not too many; those at both ends are whole. */
function spanOf(start: number, end: number, now: number): StatsSpan {
  const fitting = LENGTHS.find(({ mostBack, mostSpan }) => now - start <= mostBack && end - start <= mostSpan);
  const { resolution, ms } = fitting ?? LENGTHS[2];
  return {
    resolution,
    from: instantOf(Math.floor(start / ms) * ms),
    to: instantOf(Math.min(Math.ceil(end / ms) * ms, LAST_INSTANT)),
  };
}

function instantOf(time: number): string {
  return new Date(time).toISOString();
}
