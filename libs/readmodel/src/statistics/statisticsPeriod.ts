/** The length of a period; days are those of UTC. */
export type Resolution = 'minute' | 'hour' | 'day';

export const resolutions: readonly Resolution[] = ['minute', 'hour', 'day'];

const HOUR_MS = 3_600_000;

/** The retention of each, by the time of the events; days are kept for ever. */
const KEPT_MS: Readonly<Record<Resolution, number>> = {
  minute: 48 * HOUR_MS,
  hour: 62 * 24 * HOUR_MS,
  day: Number.POSITIVE_INFINITY,
};

/** The length of the prefix of an RFC 3339 time that identifies its period, and the suffix that makes it the start. */
const NAMES: Readonly<Record<Resolution, readonly [number, string]>> = {
  minute: [16, ':00Z'],
  hour: [13, ':00:00Z'],
  day: [10, 'T00:00:00Z'],
};

/** The start of the period that contains a time (RFC 3339, UTC). */
export function startOfPeriod(at: string, resolution: Resolution): string {
  const [length, rest] = NAMES[resolution];
  return at.slice(0, length) + rest;
}

/** Whether periods with this start are (still) retained. */
export function isRetained(start: string, resolution: Resolution, now: number): boolean {
  return now - Date.parse(start) < KEPT_MS[resolution];
}

/** The SQL condition for expired rows; with a negative margin, also for rows that soon expire. */
export function expiredCondition(marginHours = 0): string {
  const conditions = (['minute', 'hour'] as const).map((resolution) => {
    const hours = KEPT_MS[resolution] / HOUR_MS + marginHours;
    return `(resolution = '${resolution}' AND starts_at < now() - interval '${hours} hours')`;
  });
  return `(${conditions.join(' OR ')})`;
}
