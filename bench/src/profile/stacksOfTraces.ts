import type { Stack } from './shareOut.ts';

const SEPARATOR = /^-+\+-+$/m;
const TIMED = /^\s*([\d.]+)(ns|us|ms|s)\s+(.*)$/;
const MICROS: Readonly<Record<string, number>> = { ns: 0.001, us: 1, ms: 1_000, s: 1_000_000 };

/** The stacks in what `go tool pprof -traces` prints, with their µs. */
export function stacksOfTraces(text: string): Stack[] {
  return text.split(SEPARATOR).slice(1).flatMap(stackIn);
}

/** Labels first, if the goroutine has any; then the time and the innermost function, then its callers. */
function stackIn(block: string): Stack[] {
  const lines = block.split('\n').filter((line) => line.trim() !== '');
  const begin = lines.findIndex((line) => TIMED.test(line));
  const [, amount = '', unit = '', innermost = ''] = TIMED.exec(lines[begin] ?? '') ?? [];
  if (begin === -1) return [];
  const callers = lines.slice(begin + 1).map((line) => line.trim());
  return [{ frames: [innermost, ...callers], weight: Number(amount) * (MICROS[unit] ?? 0) }];
}
