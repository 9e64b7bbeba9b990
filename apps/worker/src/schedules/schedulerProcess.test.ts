import type { CatchUp } from '@jobstream/domain';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { ScheduleStage } from '../../testing/scheduleStage.ts';
import { workerProcesses } from '../../testing/workerProcesses.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const policies = ['skip', 'latest', 'all'] as const satisfies readonly CatchUp['policy'][];

const settings = { LOG_LEVEL: 'debug', ACK_WAIT_MS: '1000' };
const open = workerProcesses(ScheduleStage, settings);

const iso = (instant: number) => new Date(instant).toISOString();
const catchUp = (policy: CatchUp['policy']) => ({ catchUp: { policy, limit: 100 } });

/** Fails if a tick has two jobs. */
function assertOnce(ticks: readonly string[]): void {
  const twice = ticks.filter((tick, index) => ticks.indexOf(tick) !== index);
  expect(twice, 'ticks with two jobs').toEqual([]);
}

async function ticksWithin(stage: ScheduleStage, name: string, after: number, before: number): Promise<string[]> {
  const ticks = await stage.ticks(name);
  assertOnce(ticks);
  return ticks.filter((tick) => Date.parse(tick) > after && Date.parse(tick) < before).toSorted();
}

/** The whole seconds after an instant and before another. */
function secondsWithin(after: number, before: number): string[] {
  const first = Math.floor(after / SECOND) + 1;
  return Array.from({ length: Math.ceil(before / SECOND) - first }, (_one, index) => iso((first + index) * SECOND));
}

/** Waits until the ticks of a schedule are dealt with up to an instant. */
async function dealtWith(stage: ScheduleStage, name: string, upTo: number): Promise<void> {
  const done = async () => {
    const last = (await stage.eventLog.schedules.reader.read(name))?.schedule.lastTick?.tickAt ?? '';
    expect(Date.parse(last)).toBeGreaterThanOrEqual(upTo);
  };
  await eventually(done);
}

test.concurrent(
  'two workers that start after five hours without workers or triggers create the jobs that the policy asks for',
  async () => {
    await using processes = await open();
    const { log: stage, spawn } = processes;
    // The cron ticks each hour at the minute that is half an hour away, so no tick comes while the test runs.
    const lastTick = Math.floor(Date.now() / SECOND) * SECOND - HOUR / 2;
    const last = new Date(lastTick);
    const cron = `${last.getUTCSeconds()} ${last.getUTCMinutes()} * * * *`;
    for (const policy of policies) {
      await stage.create(policy, { cron, ...catchUp(policy) }, lastTick - 5.5 * HOUR);
      const record = { kind: 'RecordTicks', tickAt: iso(lastTick - 5 * HOUR), jobIds: [], skipped: 0 } as const;
      await stage.act(policy, record);
    }
    spawn();
    spawn();
    for (const policy of policies) await dealtWith(stage, policy, lastTick);
    const missed = [4, 3, 2, 1, 0].map((hours) => iso(lastTick - hours * HOUR));
    expect(await ticksWithin(stage, 'skip', 0, Date.now())).toEqual([]);
    expect(await ticksWithin(stage, 'latest', 0, Date.now())).toEqual([iso(lastTick)]);
    expect(await ticksWithin(stage, 'all', 0, Date.now())).toEqual(missed);
    const records = await Promise.all(policies.map(async (policy) => (await stage.records(policy)).slice(1)));
    expect(records.map((all) => all.map(({ jobIds, skipped }) => [jobIds.length, skipped]))).toEqual([
      [[0, 5]],
      [[1, 4]],
      [[5, 0]],
    ]);
  },
);

test.concurrent(
  'a tick that was missed while everything was down gets at most one job, as the policy says',
  async () => {
    await using processes = await open();
    const { log: stage, nats, spawn, killAll } = processes;
    for (const policy of policies) await stage.create(policy, catchUp(policy));
    const createdBy = Date.now();
    spawn();
    spawn();
    for (const policy of policies) await dealtWith(stage, policy, createdBy + SECOND);
    await Promise.all([killAll(), nats.kill('SIGKILL')]);
    const stoppedBy = Date.now();
    // The server's clock is the real one: ticks are missed only by waiting for them to pass.
    await eventually(() => expect(Date.now()).toBeGreaterThan(stoppedBy + 5 * SECOND), { intervalMs: 200 });
    const downUntil = Date.now();
    await nats.restart();
    spawn();
    spawn();
    await eventually(() => expect(stage.eventLog.isConnected()).toBe(true));
    for (const policy of policies) await dealtWith(stage, policy, downUntil + SECOND);
    // A trigger that fired as soon as the server came back finds ticks of the two seconds before on time.
    const missed = [stoppedBy, downUntil - 2 * SECOND] as const;
    expect(await ticksWithin(stage, 'skip', ...missed)).toEqual([]);
    expect(await ticksWithin(stage, 'latest', ...missed)).toEqual([]);
    expect(await ticksWithin(stage, 'all', ...missed)).toEqual(secondsWithin(...missed));
    for (const policy of policies) await assertAccountedFor(stage, policy);
  },
);

/** The records match the jobs in the log: each tick is recorded, and each job is in a record. */
async function assertAccountedFor(stage: ScheduleStage, name: string): Promise<void> {
  const records = await stage.records(name);
  const [first, last] = [records.at(0)?.tickAt ?? '', records.at(-1)?.tickAt ?? ''];
  const jobs = await stage.jobs(name);
  const known = new Set(records.flatMap(({ jobIds }) => jobIds));
  const skipped = records.reduce((sum, record) => sum + record.skipped, 0);
  // A job may be ahead of its record, by the ticks of one trigger.
  const recorded = jobs.filter(({ causationId = '' }) => causationId <= `${name}@${last}`);
  expect(new Set(recorded.map(({ jobId }) => jobId))).toEqual(known);
  const seconds = (Date.parse(last) - Date.parse(first)) / SECOND + 1;
  const inFirst = (records.at(0)?.jobIds.length ?? 1) + (records.at(0)?.skipped ?? 0) - 1;
  expect(known.size + skipped).toBe(seconds + inFirst);
}

test.concurrent('ticks that came while the server ran without workers are on time', async () => {
  await using processes = await open();
  const { log: stage, spawn } = processes;
  await stage.create('punctual', catchUp('skip'));
  await stage.eventLog.schedules.triggers.reconcile('punctual');
  const first = spawn();
  await dealtWith(stage, 'punctual', Date.now());
  await first[Symbol.asyncDispose]();
  const goneBy = Date.now();
  await eventually(() => expect(Date.now()).toBeGreaterThan(goneBy + 4 * SECOND), { intervalMs: 200 });
  const awayUntil = Date.now();
  spawn();
  spawn();
  await dealtWith(stage, 'punctual', awayUntil + SECOND);
  expect(await ticksWithin(stage, 'punctual', goneBy, awayUntil)).toEqual(secondsWithin(goneBy, awayUntil));
  const sinceGone = (await stage.records('punctual')).filter(({ tickAt }) => Date.parse(tickAt) > goneBy);
  expect(sinceGone.every(({ skipped }) => skipped === 0)).toBe(true);
});

test.concurrent(
  'workers that are killed again and again while they handle triggers skip no tick and repeat none',
  async () => {
    await using processes = await open();
    const { log: stage, spawn } = processes;
    await stage.create('often-killed', catchUp('all'));
    const began = Date.now();
    for (let kills = 1; kills <= 4; kills += 1) {
      const worker = spawn();
      await worker.logged('schedule ticked');
      worker.kill('SIGKILL');
    }
    spawn();
    await dealtWith(stage, 'often-killed', Date.now() + SECOND);
    await assertAccountedFor(stage, 'often-killed');
    const records = await stage.records('often-killed');
    expect(records.every(({ skipped }) => skipped === 0)).toBe(true);
    assertOnce(await stage.ticks('often-killed'));
    expect(Date.parse((await stage.ticks('often-killed')).toSorted()[0] ?? '')).toBeLessThanOrEqual(began + 2 * SECOND);
  },
);
