import { fileURLToPath } from 'node:url';
import { EventLog } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { eventually, startNats, startPostgres, TestProcess } from '@jobstream/test-support';
import { seededRandom } from '../chaos/seededRandom.ts';
import { appendLives } from './appendLives.ts';
import { CheckpointWatch } from './checkpointWatch.ts';
import { ProjectorFaultInjector } from './projectorFaultInjector.ts';

export interface BreakOptions {
  readonly seed: string;
  readonly durationMs: number;
  /** The longest time between two faults of a projector. */
  readonly calmMs: number;
}

export interface BreakReport {
  readonly events: number;
  readonly kills: number;
  readonly freezes: number;
  /** How often the checkpoint was looked at. */
  readonly looks: number;
  /** The output and exit code of `verify` at the end. */
  readonly verified: string;
  /** Empty when all is well. */
  readonly faults: readonly string[];
}

const verifyMain = fileURLToPath(new URL('../../apps/projector/src/verify/main.ts', import.meta.url));
const WRITERS = 30;
const CATCH_UP_MS = 120_000;

/** Breaks two projectors at random under load. At the end the table must match the log. */
export async function breakProjectors({ seed, durationMs, calmMs }: BreakOptions): Promise<BreakReport> {
  await using nats = await startNats();
  await using postgres = await startPostgres();
  await migrate(postgres.url);
  const env = { NATS_URL: nats.url, DATABASE_URL: postgres.url };
  const stop = AbortSignal.timeout(durationMs);
  const watch = new CheckpointWatch(postgres.url);
  const projectors = ['one', 'other'].map((name) => {
    return new ProjectorFaultInjector({ env, random: seededRandom(seed, `projector ${name}`), calmMs, stop });
  });
  const load = appendLives({ url: nats.url, random: seededRandom(seed, 'load'), writers: WRITERS, stop });
  await Promise.all(projectors.map((projector) => projector.run()));
  const events = await load;
  const behind = await faultOf(caughtUp(nats.url, postgres.url));
  const outputs =
    behind.length === 0
      ? []
      : projectors.map((projector) => `the last lines of a projector:\n${projector.lines.join('\n')}`);
  await Promise.all(projectors.map((projector) => projector.end()));
  await watch.stop();
  const { code, output } = await verify(env);
  const sum = (of: (projector: ProjectorFaultInjector) => number) =>
    projectors.reduce((total, one) => total + of(one), 0);
  return {
    events,
    kills: sum(({ kills }) => kills),
    freezes: sum(({ freezes }) => freezes),
    looks: watch.looks,
    verified: output,
    faults: [
      ...behind,
      ...outputs,
      ...watch.faults,
      ...(watch.position === 0 ? ['the checkpoint was never seen'] : []),
      ...projectors.flatMap(({ faults }) => faults),
      ...(code === 0 ? [] : [`verify ended with ${code}: ${output}`]),
    ],
  };
}

async function faultOf(work: Promise<void>): Promise<readonly string[]> {
  try {
    await work;
    return [];
  } catch (error) {
    return [String(error)];
  }
}

async function caughtUp(url: string, databaseUrl: string): Promise<void> {
  const eventLog = new EventLog({ url, name: 'watch' });
  await eventLog.start();
  const end = await eventLog.lastSequence();
  await eventLog.stop();
  const readModel = new ReadModel({ databaseUrl, name: 'end', queryMs: 30_000 });
  const reached = async () => {
    const position = (await readModel.readCheckpoint())?.lastSequence ?? 0;
    if (position < end) throw new Error(`the table is at ${position}, but the log ends at ${end}`);
  };
  await eventually(reached, { timeoutMs: CATCH_UP_MS });
  await readModel.stop();
}

async function verify(env: Readonly<Record<string, string>>): Promise<{ code: number | string; output: string }> {
  await using task = TestProcess.node(verifyMain, { env });
  return { code: await task.ended, output: task.stdout.trim() };
}
