import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../chaos/seededRandom.ts';
import type { Finding } from './judge/finding.ts';
import { judgeRun } from './judge/judgeRun.ts';
import { Clients } from './load/clients.ts';
import { planOf, type Plan } from './load/plan.ts';
import { startKeeper } from './processes/keepers.ts';
import { Workers } from './processes/workers.ts';
import { CALM } from './world/network.ts';
import type { Sabotage } from './world/sabotage.ts';
import { VirtualProcess } from './world/virtualProcess.ts';
import { World } from './world/world.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Jobs that clients ask for; default 20. */
  readonly jobs?: number;
  /** Faults that a test plants. */
  readonly sabotage?: Sabotage;
}

/** What a run came to. */
export interface Simulation {
  readonly findings: readonly Finding[];
  /** What happened, a line each. */
  readonly trace: readonly string[];
  /** Jobs that were stored. */
  readonly jobs: number;
  readonly events: number;
}

const JOBS = 20;
/** The longest sleep lasts four hours, and a wait for the end of an attempt of a lost worker less; after this much time a job waits for nothing. */
const PATIENCE_MS = 8 * 3_600_000;

/**
 * Runs workers, their timers, the keeper and the core of the API on a log in memory, in virtual time, and judges what they leave in the
 * log. The seed decides everything: the jobs, the order of all messages, what is lost, and which process dies where.
 */
export async function simulate({ seed, jobs = JOBS, sabotage = {} }: SimulationOptions): Promise<Simulation> {
  const name = String(seed);
  const plan = planOf(seededRandom(name, 'plan'), jobs);
  const world = new World({ seed: name, weather: plan.weather, maxAgeMs: plan.maxAgeMs, sabotage });
  const begunAt = world.clock.now();
  using time = new VirtualProcess(world.clock, world.randomFor('process'));
  const workers = new Workers(world, plan.workers);
  const clients = new Clients(world);
  // Of a real process it would be the end.
  const onUnhandled = (error: unknown) => void world.surprises.push(`not handled: ${String(error)}`);
  process.on('unhandledRejection', onUnhandled);
  await runThrough({ plan, world, workers, clients, time }).finally(() =>
    process.off('unhandledRejection', onUnhandled),
  );
  const { messages } = world.record;
  const quietAt = begunAt + quietAfterMs(plan);
  const { effects, steps, waits } = workers;
  // Of workers that nothing happens to, and in good weather, no run may be lost.
  const isGood =
    Object.values({ ...plan.weather, death: 0 }).every((chance) => chance === 0) && plan.crashes.length === 0;
  const lives = isGood ? workers.lives : undefined;
  const evidence = { messages, load: clients.records, effects, steps, waits, calls: world.calls, quietAt, lives };
  const findings = [...judgeRun(evidence), ...world.surprises.map((detail) => ({ rule: 'surprise', detail }))];
  const ids = new Set(messages.flatMap(({ subject }) => (subject.startsWith('jobs.') ? [subject.split('.')[2]] : [])));
  return { findings, trace: world.trace.lines, jobs: ids.size, events: messages.length };
}

function quietAfterMs({ calmAtMs, pauses }: Plan): number {
  return Math.max(calmAtMs, ...pauses.map(({ atMs, ms }) => atMs + ms));
}

interface Stage {
  readonly plan: Plan;
  readonly world: World;
  readonly workers: Workers;
  readonly clients: Clients;
  readonly time: VirtualProcess;
}

/** Lets time pass, from one timer to the next, until all jobs have ended or none will any more. */
async function runThrough({ plan, world, workers, clients, time }: Stage): Promise<void> {
  const begin = async () => {
    await workers.start();
    for (let count = 0; count < plan.keepers; count++) await startKeeper(world, plan.maxAgeMs);
    await clients.run(plan.jobs);
  };
  const load = { isOver: false };
  const done = Promise.all([begin(), storm({ plan, world, workers, clients })]).finally(() => (load.isOver = true));
  const end = world.clock.now() + plan.calmAtMs + PATIENCE_MS;
  do await time.settle();
  while (!(load.isOver && world.isDone) && world.clock.now() < end && world.clock.runNext(end));
  world.end();
  if (load.isOver) await done;
  await time.settle();
}

async function storm({ plan, world, workers, clients }: Omit<Stage, 'time'>): Promise<void> {
  const { disturbances, crashes, pauses, calmAtMs } = plan;
  for (const atMs of disturbances) world.clock.setTimeout(() => workers.disturb(), atMs);
  for (const { atMs, downMs } of crashes) world.clock.setTimeout(() => world.crashServer(downMs), atMs);
  for (const { atMs, ms, jobType } of pauses) world.clock.setTimeout(() => world.pauseType(jobType, ms), atMs);
  await pause(calmAtMs);
  world.network.weather = CALM;
  world.trace.add('calm');
  void clients.release();
}
