import { eventually, startNats } from '@jobstream/test-support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, test, vi } from 'vitest';
import type { ScheduleDefinition } from '@jobstream/domain';
import { TriggerRefusedError } from '../errors.ts';
import { openEventLog, useEventLog } from '../../testing/openEventLog.ts';
import { publishRaw } from '../../testing/publishRaw.ts';
import { ScheduleScript } from '../../testing/scheduleScript.ts';
import type { FiredTrigger } from './firedTrigger.ts';
import type { DefinitionHint } from './scheduleLog.ts';

const on = useEventLog();
const sequences = new Map<string, number>();

/** Stores the newest event of a script. */
async function store(script: ScheduleScript): Promise<void> {
  const event = script.events.at(-1);
  if (event === undefined) throw new Error('nothing happened');
  sequences.set(script.name, await on.log.schedules.append(event, sequences.get(script.name) ?? 0));
}

async function stored(name: string, fields: Partial<ScheduleDefinition> = {}): Promise<ScheduleScript> {
  const script = new ScheduleScript(name);
  script.create(fields);
  await store(script);
  return script;
}

/** Collects fired triggers and acknowledges them. */
async function listen(given = on.log, ackWaitMs = 1_000) {
  const heard: FiredTrigger[] = [];
  const onTrigger = async (trigger: FiredTrigger) => {
    heard.push(trigger);
    trigger.ack();
  };
  const queue = await given.schedules.openTriggerQueue({ ackWaitMs, onTrigger });
  return { heard, [Symbol.asyncDispose]: () => queue.stop() };
}

describe('the trigger of a schedule', () => {
  test('fires with its name and the time of its next firing', async () => {
    const script = await stored('each-second', { cron: '* * * * * *', timeZone: 'Asia/Tokyo' });
    await on.log.schedules.triggers.reconcile('each-second');
    await using triggers = await listen();
    const [first, second] = await eventually(() => {
      const own = triggers.heard.filter(({ schedule }) => schedule === 'each-second');
      expect(own.length).toBeGreaterThan(1);
      return own as [FiredTrigger, FiredTrigger];
    });
    const lateness = Date.parse(first.firedAt) % 1_000;
    expect(first.nextFireAt).toBe(new Date(Date.parse(first.firedAt) - lateness + 1_000).toISOString());
    expect(second.id).not.toBe(first.id);
    script.next({ kind: 'DeleteSchedule' });
    await store(script);
    await on.log.schedules.triggers.reconcile('each-second');
  });

  test('exists exactly while the schedule is enabled', async () => {
    const { triggers } = on.log.schedules;
    const script = await stored('on-and-off');
    const afterUpdate = async (change: Partial<ScheduleDefinition>) => {
      script.update(change);
      await store(script);
      await triggers.reconcile('on-and-off');
      return (await triggers.names()).includes('on-and-off');
    };
    expect(await triggers.names()).not.toContain('on-and-off');
    expect(await afterUpdate({ enabled: true })).toBe(true);
    expect(await afterUpdate({ enabled: false })).toBe(false);
    expect(await afterUpdate({ enabled: true })).toBe(true);
    script.next({ kind: 'DeleteSchedule' });
    await store(script);
    await triggers.reconcile('on-and-off');
    expect(await triggers.names()).not.toContain('on-and-off');
    await triggers.reconcile('never-heard-of');
  });

  test('is published again only when it has changed', async () => {
    const script = await stored('steady', { cron: '@every 90m' });
    await on.log.schedules.triggers.reconcile('steady');
    const published = await messagesInTimers();
    script.update({ cron: '@every 90m', timeZone: 'Europe/Berlin', catchUp: { policy: 'all', limit: 1 } });
    await store(script);
    await on.log.schedules.triggers.reconcile('steady');
    expect(await messagesInTimers()).toBe(published + 1);
    script.update({ cron: '@every 2h' });
    await store(script);
    await on.log.schedules.triggers.reconcile('steady');
    expect(await messagesInTimers()).toBe(published + 3);
  });

  test('is reconciled again when its schedule changed after it was read', async () => {
    const { reader, triggers } = on.log.schedules;
    const script = await stored('outrun');
    const stale = await reader.read('outrun');
    vi.spyOn(reader, 'read').mockImplementationOnce(async () => {
      script.update({ enabled: false });
      await store(script);
      await triggers.reconcile('outrun');
      return stale;
    });
    await triggers.reconcile('outrun');
    expect(await triggers.names()).not.toContain('outrun');
  });

  test('follows a definition that changes while it is reconciled', async () => {
    const script = await stored('changing');
    const change = (async () => {
      for (let updates = 0; updates < 20; updates += 1) {
        script.update({ enabled: updates % 2 === 0 });
        await store(script);
        await on.log.schedules.triggers.reconcile('changing');
      }
    })();
    await using other = await openEventLog({ url: on.nats.url });
    for (let syncs = 0; syncs < 20; syncs += 1) await other.schedules.triggers.reconcile('changing');
    await change;
    expect(await on.log.schedules.triggers.names()).not.toContain('changing');
  });
});

/** How many messages TIMERS has ever had, counting the one that is stored to find out. */
function messagesInTimers(): Promise<number> {
  return publishRaw(on.nats.url, 'timers.nobody', '');
}

/** The headers of the newest message on a subject of TIMERS. */
async function newestInTimers(subject: string): Promise<Record<string, string>> {
  const client = await connect({ servers: on.nats.url });
  const manager = await jetstreamManager(client);
  const message = await manager.streams.getMessage('TIMERS', { last_by_subj: subject });
  await client.close();
  return Object.fromEntries([...(message?.header ?? [])].map(([name, values]) => [name, values.join()]));
}

describe('assertAccepted', () => {
  test('accepts every kind of cron', async () => {
    for (const cron of [
      '* * * * *',
      '1,2/7 */5 1-3 * jan-MAR 5-7',
      '@weekly',
      '@every 7s',
      '@every 36h',
      '@every 90m',
    ]) {
      await on.log.schedules.triggers.assertAccepted({ name: 'asked', cron, timeZone: 'America/St_Johns' });
    }
    expect(await on.log.schedules.triggers.names()).not.toContain('asked');
  });

  test('rejects a time zone that the server does not know', async () => {
    const asked = on.log.schedules.triggers.assertAccepted({ name: 'asked', cron: '@daily', timeZone: 'Mars/Olympus' });
    await expect(asked).rejects.toThrow(TriggerRefusedError);
    await expect(asked).rejects.toThrow('time zone');
  });
});

describe('the triggers', () => {
  test('are delivered one after the other, also to two processes', async () => {
    await using one = await openEventLog({ url: on.nats.url });
    await using two = await openEventLog({ url: on.nats.url });
    let [atOnce, most, settled] = [0, 0, 0];
    const onTrigger = async (trigger: FiredTrigger) => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce--;
      if (trigger.schedule === undefined) settled++;
      trigger.ack();
    };
    for (const each of [one, two]) await each.schedules.openTriggerQueue({ ackWaitMs: 10_000, onTrigger });
    for (let fired = 0; fired < 20; fired += 1) await on.log.schedules.triggers.fireAll();
    await eventually(() => expect(settled).toBe(20));
    expect(most).toBe(1);
  });

  test('for all schedules fire once an hour, also when they are set repeatedly', async () => {
    const published = await messagesInTimers();
    await on.log.schedules.triggers.fireAllHourly();
    await on.log.schedules.triggers.fireAllHourly();
    expect(await messagesInTimers()).toBe(published + 3);
    expect(await newestInTimers('timers.hourly')).toMatchObject({
      'Nats-Schedule': '30 30 * * * *',
      'Nats-Schedule-Target': 'timers.tick',
    });
    expect(await on.log.schedules.triggers.names()).not.toContain('hourly');
  });

  test('that were handed back are redelivered, with the time at which they fired', async () => {
    await on.log.schedules.triggers.fireAt('again', '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z');
    const heard: FiredTrigger[] = [];
    const onTrigger = async (trigger: FiredTrigger) => {
      if (trigger.schedule === 'again') heard.push(trigger);
      if (trigger.schedule !== 'again' || heard.length > 1) trigger.ack();
      else trigger.nak();
    };
    const queue = await on.log.schedules.openTriggerQueue({ ackWaitMs: 1_000, onTrigger });
    await eventually(() => expect(heard).toHaveLength(2));
    await queue.stop();
    const [first, again] = heard;
    expect(first?.nextFireAt).toBe('2026-01-02T00:00:00.000Z');
    expect([again?.id, again?.firedAt]).toEqual([first?.id, first?.firedAt]);
  });

  test('that are malformed are dropped, and those behind them are delivered', async () => {
    await publishRaw(on.nats.url, 'timers.tick', 'ding');
    await publishRaw(on.nats.url, 'timers.tick', '"dong"');
    await on.log.schedules.triggers.fireAll();
    await using triggers = await listen();
    await eventually(() => expect(triggers.heard.some(({ schedule }) => schedule === undefined)).toBe(true));
  });

  test('go on after a restart of the server', async () => {
    await using server = await startNats();
    // What is published before the connection is restored is lost, and tried again after a share of the deadline.
    await using own = await openEventLog({ url: server.url, deadlineMs: 1_000 });
    await using triggers = await listen(own);
    await server.restart();
    await eventually(() => own.schedules.triggers.fireAll());
    await eventually(() => expect(triggers.heard.length).toBeGreaterThan(0));
  });
});

test('a subscriber receives each definition at once, but no ticks', async () => {
  const hints: DefinitionHint[] = [];
  const unsubscribe = on.log.schedules.subscribeToDefinitions((hint) => hints.push(hint));
  const script = await stored('heard');
  for (const make of [() => script.tick(), () => script.update(), () => script.next({ kind: 'DeleteSchedule' })]) {
    make();
    await store(script);
  }
  await eventually(() => expect(hints.map(({ version }) => version)).toEqual([1, 3, 4]));
  expect(new Set(hints.map(({ name }) => name))).toEqual(new Set(['heard']));
  unsubscribe();
});

test('a subscriber that has stopped hears of no further definition', async () => {
  const [stopped, other]: [string[], string[]] = [[], []];
  const stop = on.log.schedules.subscribeToDefinitions(({ name }) => stopped.push(name));
  const stopOther = on.log.schedules.subscribeToDefinitions(({ name }) => other.push(name));
  stop();
  await stored('unheard');
  await eventually(() => expect(other).toEqual(['unheard'])); // which subscribed later, and so hears later
  expect(stopped).toEqual([]);
  stopOther();
});

test('a queue of triggers that is stopped waits for the one that is handled', async () => {
  await stored('handled', { cron: '* * * * * *', timeZone: 'UTC' });
  await on.log.schedules.triggers.reconcile('handled');
  const [begun, handled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const onTrigger = (trigger: FiredTrigger) => {
    begun.resolve();
    return handled.promise.then(() => trigger.ack());
  };
  const queue = await on.log.schedules.openTriggerQueue({ ackWaitMs: 60_000, onTrigger });
  await begun.promise;
  let hasStopped = false;
  const stopped = queue.stop().then(() => (hasStopped = true));
  await on.log.lastSequence(); // gives one that does not wait the time to end
  expect(hasStopped).toBe(false);
  handled.resolve();
  await stopped;
});
