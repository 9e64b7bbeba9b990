/** How long a row of statistics is; days are those of UTC. */
export type Resolution = 'minute' | 'hour' | 'day';

export const resolutions: readonly Resolution[] = ['minute', 'hour', 'day'];

const HOUR_MS = 3_600_000;

/** How long each is kept, by the time of the events; days stay for good. */
const KEPT_MS: Readonly<Record<Resolution, number>> = {
  minute: 48 * HOUR_MS,
  hour: 62 * 24 * HOUR_MS,
  day: Number.POSITIVE_INFINITY,
};

/** How much of an RFC 3339 time in UTC names the period in which it lies, and what completes that to the start of it. */
const NAMES: Readonly<Record<Resolution, readonly [number, string]>> = {
  minute: [16, ':00Z'],
  hour: [13, ':00:00Z'],
  day: [10, 'T00:00:00Z'],
};

/** The start of the period in which a time (RFC 3339, UTC) lies. */
export function startOfPeriod(at: string, resolution: Resolution): string {
  const [length, rest] = NAMES[resolution];
  return at.slice(0, length) + rest;
}

/** Whether periods with this start are (still) counted. */
export function isRetained(start: string, resolution: Resolution, now: number): boolean {
  return now - Date.parse(start) < KEPT_MS[resolution];
}

/** The condition for rows that are kept no longer; with a negative margin, for those that soon will not be. */
export function expiredCondition(marginHours = 0): string {
  const conditions = (['minute', 'hour'] as const).map((resolution) => {
    const hours = KEPT_MS[resolution] / HOUR_MS + marginHours;
    return `(resolution = '${resolution}' AND starts_at < now() - interval '${hours} hours')`;
  });
  return `(${conditions.join(' OR ')})`;
}
