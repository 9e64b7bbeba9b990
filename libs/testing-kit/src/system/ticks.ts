import { nextTicks, parseCron, type Cron } from '@jobstream/worker/test-engine';

/** When the jobs of a schedule are created. */
export interface Ticks {
  readonly cron: Cron;
  readonly timeZone: string;
}

/**
 * Reads when a schedule ticks, with the code of the API.
 *
 * @throws TypeError when it never does.
 */
export function ticksOf(cron: string, timeZone: string): Ticks {
  const parsed = parseCron(cron);
  if ('problem' in parsed) throw new TypeError(`the cron expression ${cron}: ${parsed.problem}`);
  const ticks = { cron: parsed.cron, timeZone };
  if (firstTick(ticks, 0) === undefined) throw new TypeError(`the cron expression ${cron} never ticks`);
  return ticks;
}

/** The first tick after an instant, both in milliseconds since 1970; undefined when there is none within five years. */
export function firstTick(ticks: Ticks, after: number): number | undefined {
  try {
    return nextTicks(ticks, after, 1)[0];
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TypeError(`expected an IANA time zone such as Europe/Berlin, got: ${ticks.timeZone}`, { cause });
  }
}
