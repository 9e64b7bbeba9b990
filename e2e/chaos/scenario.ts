import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '@jobstream/test-support';
import type { FaultKind } from './faults/fault.ts';
import { injectFaults } from './faults/injectFaults.ts';
import type { InjectedFault } from './faults/injectFaults.ts';
import { impossibleKinds, planFaults } from './faults/planFaults.ts';
import { gatherEvidence } from './judge/gatherEvidence.ts';
import { judge } from './judge/judge.ts';
import type { Verdict } from './judge/judge.ts';
import { writeEvidence } from './judge/gatherEvidence.ts';
import { ApiClient } from './load/apiClient.ts';
import { LoadGenerator } from './load/loadGenerator.ts';
import { RecoveryWatch } from './load/recoveryWatch.ts';
import { lookFromOutside } from './outside.ts';
import type { Outside } from './outside.ts';
import { openStage } from './stage/stage.ts';
import type { Stage } from './stage/stage.ts';
import { untilQuiet } from './outside.ts';
import { LogRecord } from './judge/logRecord.ts';
import { untilStill } from './stage/untilStill.ts';
import { isFromStranger } from './stranger/mark.ts';
import { Stranger } from './stranger/stranger.ts';

export interface Scenario {
  readonly name: string;
  readonly seed: string;
  readonly nodes: 1 | 3;
  /** Creations to be acknowledged before the load ends; it also waits for the last fault. */
  readonly jobs: number;
  readonly faults: number;
  readonly rate: number;
  /** Messages a second that a stranger writes. */
  readonly junk: number;
  /** The JOBS_MAX_AGE of the processes, if the log is to lose events. */
  readonly maxAge?: string | undefined;
  readonly kinds: readonly FaultKind[];
  readonly mounts: boolean;
  /** For logs and evidence. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

export interface ScenarioReport {
  readonly verdict: Verdict;
  readonly faults: readonly InjectedFault[];
  /** Processes that ended without a fault, and how. */
  readonly crashes: readonly string[];
  /** Answers that no client should have got. */
  readonly unexpected: readonly string[];
  /** Whether everything came to rest in the end. */
  readonly quiet: boolean;
  readonly seconds: number;
}

type Ordeal = Pick<ScenarioReport, 'faults' | 'unexpected'>;

/** Load, faults, rest, judgement. */
export async function runScenario(scenario: Scenario): Promise<ScenarioReport> {
  const { folder, nodes, mounts, say, maxAge } = scenario;
  await mkdir(folder, { recursive: true });
  await using stage = await openStage({
    folder,
    nodes,
    mounts,
    settings: { AS_OF_REACH: '1d', ...(maxAge === undefined ? {} : { JOBS_MAX_AGE: maxAge }) },
  });
  await using outside = await lookFromOutside(stage);
  await using record = maxAge === undefined ? undefined : LogRecord.start(outside.nats);
  const began = Date.now();
  const { faults, unexpected } = await breakUnderLoad(scenario, stage, outside);
  const seconds = Math.round((Date.now() - began) / 1_000);
  say('the load is over, waiting for the system to come to rest');
  const quiet = record === undefined ? await untilQuiet(outside) : await untilStill(stage, outside);
  say('gathering the evidence');
  const members = nodes === 1 ? [] : stage.nodes.map((_, index) => `nats-${index + 1}`);
  const api = maxAge === undefined ? stage.apis[0] : undefined;
  const sources = { load: loadFile(folder), ledgers: stage.ledgers, members, api, seed: scenario.seed };
  const evidence = { ...(await gatherEvidence(outside, sources)), ...(await record?.whole()) };
  await writeEvidence(folder, evidence, outside.nats);
  const crashes = stage.apps.flatMap((app) => app.crashes.map((how) => `${app.name}: ${how}`));
  return { verdict: judge(evidence), faults, crashes, unexpected, quiet, seconds };
}

async function breakUnderLoad(scenario: Scenario, stage: Stage, outside: Outside): Promise<Ordeal> {
  const { seed, say } = scenario;
  const watch = watchRecovery(outside);
  const load = createLoad(scenario, stage, watch);
  const stranger = new Stranger({ nats: outside.nats, seed, rate: scenario.junk });
  load.start();
  try {
    await eventually(() => assertMoreThan(0, load.acknowledged), { timeoutMs: 60_000 });
    stranger.start();
    for (const line of impossibleKinds(scenario.kinds, stage)) say(line);
    const plan = planFaults(scenario.faults, { seed, kinds: scenario.kinds, stage });
    const faults = await injectFaults(plan, { stage, watch, acknowledged: () => load.acknowledged, say });
    say(`the faults are over, ${load.acknowledged} jobs are acknowledged`);
    const timeoutMs = (scenario.jobs / scenario.rate) * 5_000;
    await eventually(() => assertMoreThan(scenario.jobs - 1, load.acknowledged), { timeoutMs, intervalMs: 200 });
    return { faults, unexpected: load.unexpected };
  } finally {
    await stranger.stop();
    await load.stop();
  }
}

function createLoad({ seed, rate, folder }: Scenario, { apis, receiver }: Stage, watch: RecoveryWatch): LoadGenerator {
  return new LoadGenerator({
    client: new ApiClient(apis),
    seed,
    rate,
    receiver: receiver.url,
    file: loadFile(folder),
    onCreated: (id, beganAt) => watch.created({ id, beganAt }),
  });
}

function watchRecovery({ nats, database }: Outside): RecoveryWatch {
  const isInTable = async (id: string) =>
    (await database.query('SELECT 1 FROM jobs WHERE id = $1', [id])).rowCount === 1;
  const watch = new RecoveryWatch({ isInTable });
  nats.subscribe('jobs.*.*.completed', {
    callback: (_error, message) => (isFromStranger(message) ? undefined : watch.completed()),
  });
  return watch;
}

function loadFile(folder: string): string {
  return path.join(folder, 'load.jsonl');
}

function assertMoreThan(limit: number, acknowledged: number): void {
  if (acknowledged <= limit) throw new Error(`only ${acknowledged} jobs were acknowledged`);
}
