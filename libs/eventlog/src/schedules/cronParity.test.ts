import { cronOf, nextTicks } from '@jobstream/domain';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { useEventLog } from '../../testing/openEventLog.ts';
import { ScheduleScript } from '../../testing/scheduleScript.ts';

const on = useEventLog();

/** What a wall clock shows. */
type Wall = Readonly<Record<'second' | 'minute' | 'hour' | 'day' | 'month' | 'weekday', number>>;

/** Time zones with offsets of half and quarter hours, far from each other, with and without summer time. */
const timeZones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'];

/** Crons that tick at the given time of the wall clock, and then at times that only a parser can tell. */
const crons: readonly ((at: Wall) => string)[] = [
  ({ second, minute }) => `${second} ${minute} * * * *`,
  ({ second, minute }) => `${second} ${minute}-59/7 * * * *`,
  ({ second, minute, hour }) => `${second} ${minute},${(minute + 29) % 60} ${hour}-23/5 * * *`,
  ({ second, minute, hour, day }) => `${second} ${minute} ${hour} ${day} * *`,
  ({ second, minute, hour, day }) => `${second} ${minute} ${hour} ${day}-31/3 * ?`,
  ({ second, minute, hour, weekday }) => `${second} ${minute} ${hour} * * ${weekday},${(weekday + 3) % 7}`,
  ({ second, minute, hour, weekday }) => `${second} ${minute} ${hour} 31 * ${weekday}`,
  ({ second, minute, hour, day, month }) => `${second} ${minute} ${hour} ${day} ${month} *`,
  ({ second, minute, hour, month }) => `${second} ${minute} ${hour} * ${month},feb sun-sat`,
  ({ second, minute, hour, day, month }) => `${second} ${minute} ${hour} ${day},29 ${month},2 *`,
];

function wallClock(instant: number, timeZone: string): Wall {
  const shown = new Date(
    new Date(instant).toLocaleString('en-US', { timeZone, hourCycle: 'h23', timeZoneName: undefined }) + ' UTC',
  );
  return {
    second: shown.getUTCSeconds(),
    minute: shown.getUTCMinutes(),
    hour: shown.getUTCHours(),
    day: shown.getUTCDate(),
    month: shown.getUTCMonth() + 1,
    weekday: shown.getUTCDay(),
  };
}

// Every trigger fires at one instant a few seconds ahead, and the server then says when it will fire next.
test('the ticks of a cron are the times at which the server fires for it', async () => {
  const { schedules } = on.log;
  const tick = (Math.floor(Date.now() / 1_000) + 8) * 1_000;
  const cases = timeZones.flatMap((timeZone) =>
    crons.map((cron) => ({ timeZone, cron: cron(wallClock(tick, timeZone)) })),
  );
  const expected = new Map<string, unknown>();
  const publish = async ({ cron, timeZone }: (typeof cases)[number], index: number) => {
    const name = `parity-${index}`;
    const [next = 0] = nextTicks({ cron: cronOf(cron), timeZone }, tick, 1);
    expected.set(name, { cron, timeZone, next: new Date(next).toISOString() });
    await schedules.append(new ScheduleScript(name).create({ cron, timeZone }), 0);
    await schedules.triggers.reconcile(name);
  };
  await Promise.all(cases.map(publish));
  const fired = new Map<string, string | undefined>();
  const queue = await schedules.openTriggerQueue({
    ackWaitMs: 10_000,
    onTrigger: async (trigger) => {
      if (trigger.schedule !== undefined) fired.set(trigger.schedule, trigger.nextFireAt);
      trigger.ack();
    },
  });
  await eventually(() => expect(fired.size).toBe(cases.length));
  await queue.stop();
  const told = cases.map((one, index) => [`parity-${index}`, { ...one, next: fired.get(`parity-${index}`) }] as const);
  expect(new Map<string, unknown>(told)).toEqual(expected);
});
