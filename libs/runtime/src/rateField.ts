import type { Field } from './configField.ts';

/** So many of something within any so many milliseconds. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
const RATE = /^([1-9]\d{0,6})\/([smh])$/;

/** `100/s`, `600/m`, `5/h`, or `off`. */
export function rate(): Field<Rate | 'off' | undefined> {
  return (raw) => {
    if (raw === undefined || raw === 'off') return { value: raw };
    const [, count, unit] = RATE.exec(raw) ?? [];
    if (count === undefined) return { expected: 'a rate such as 100/s, 600/m or 5/h, or off' };
    return { value: { count: Number(count), perMs: UNIT_MS[unit as keyof typeof UNIT_MS] } };
  };
}
