const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
type Unit = keyof typeof UNIT_MS;

/** A span of time: milliseconds, or text such as `90s`, `15m`, `1h30m`, `3d` or `1w`. */
export type Duration = number | `${number}${Unit}` | `${number}${Unit}${number}${Unit}`;

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g;
const PARTS = new RegExp(`^(?:${PART.source})+$`);

/**
 * Returns the milliseconds of a duration.
 *
 * @throws TypeError when it is none, or negative.
 */
export function millisecondsOf(duration: Duration): number {
  if (typeof duration === 'number') return wholeOf(duration, duration);
  // A text without a unit counts milliseconds, as the number does.
  if (/^\d+(?:\.\d+)?$/.test(duration)) return Math.round(Number(duration));
  if (!PARTS.test(duration)) throw notOne(duration);
  const parts = [...duration.matchAll(PART)].map(([, amount, unit]) => Number(amount) * UNIT_MS[unit as Unit]);
  return wholeOf(
    parts.reduce((sum, ms) => sum + ms, 0),
    duration,
  );
}

function wholeOf(ms: number, duration: Duration): number {
  if (Number.isFinite(ms) && ms >= 0) return Math.round(ms);
  throw notOne(duration);
}

function notOne(duration: Duration): TypeError {
  return new TypeError(`expected a duration such as 500, '90s', '12h' or '3d', got: ${String(duration)}`);
}
