import { mkdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@jobstream/test-support';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { logBounds } from '../../harness/rawLog.ts';
import { BusinessLoad } from './businessLoad.ts';
import { joinOutbox, type OutboxJoin } from './joinOutbox.ts';
import { type OutboxFault, planDrainingFaults, planOutboxFaults } from './outboxFaults.ts';
import { type Isolation, openOutboxStage, type OutboxStage } from './outboxStage.ts';
import { missingReports, POISONED_KEY, poisonOrder } from './poisonedOrder.ts';

export interface OutboxScenario {
  readonly seed: string;
  /** Transactions with an order each, beside those that are held open and the backlog. */
  readonly transactions: number;
  /** Orders that are stored while the log is away. */
  readonly backlog: number;
  /** How long some transactions are held open, in milliseconds. */
  readonly openMs: number;
  readonly faults: number;
  /** The default of the application's database. */
  readonly isolation: Isolation;
  /** For logs and data. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

const SHOWN = 20;
/** For the transactions before a fault. */
const TRADE_MS = 900_000;
/** For a backlog that is drained at a hundredth of the usual rate. */
const DRAIN_MS = 3_600_000;
const WAITING = `SELECT (SELECT count(*) FROM jobstream.outbox_0) + (SELECT count(*) FROM jobstream.outbox_1)
  + (SELECT count(*) FROM jobstream.outbox_2) + (SELECT count(*) FROM jobstream.outbox_3)
  + (SELECT count(*) FROM jobstream.outbox_deferred WHERE id <> $1) AS rows`;

/**
 * Whether an application's orders and the jobs in the log are the same after everything that an outbox depends on was killed
 * while it was used.
 */
export async function runOutboxScenario(scenario: OutboxScenario): Promise<boolean> {
  const { folder, seed, openMs, isolation, say } = scenario;
  await mkdir(folder, { recursive: true });
  await using stage = await openOutboxStage(folder, isolation);
  await using outside = await connectOutside(stage);
  const poisoned = await poisonOrder(stage, outside.nats);
  const load = new BusinessLoad({ database: stage.application, seed, openMs });
  try {
    await load.store(POISONED_KEY);
    await breakWhileTrading(scenario, stage, load);
    await breakWhileDraining(scenario, { stage, load, nats: outside.nats });
    say('waiting for the transactions that are held open');
  } finally {
    await load.stop();
  }
  await untilDrained(stage, poisoned);
  const missing = await missingReports(stage, poisoned);
  for (const relay of stage.relays) await relay.stop();
  const join = await joinOutbox(stage.owner, outside.nats);
  return [passedLoad(load, scenario), passedJoin(join, poisoned, scenario), passedReports(missing, scenario)].every(
    Boolean,
  );
}

async function connectOutside({ nats: { url } }: OutboxStage): Promise<AsyncDisposable & { nats: NatsConnection }> {
  const nats = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  return { nats, [Symbol.asyncDispose]: () => nats.close() };
}

/** Each fault hits a share of the transactions. */
async function breakWhileTrading(scenario: OutboxScenario, stage: OutboxStage, load: BusinessLoad): Promise<void> {
  const plan = planOutboxFaults(scenario.faults, scenario.seed);
  const share = Math.ceil(scenario.transactions / plan.length);
  for (const fault of plan) {
    const begin = load.transactions + Math.floor(fault.after * share);
    const trading = load.trade(share);
    await eventually(() => assertReached(load.transactions, begin), { timeoutMs: TRADE_MS, intervalMs: 5 });
    await endure(fault, stage, scenario);
    await trading;
  }
}

/** The log is away for as long as it takes to fill the tables; then they are drained, and nothing stays up. */
async function breakWhileDraining(
  { seed, backlog, say }: OutboxScenario,
  { stage, load, nats }: { stage: OutboxStage; load: BusinessLoad; nats: NatsConnection },
): Promise<void> {
  // The last fault may have taken the answer with it.
  const { lastSequence: before } = await eventually(() => logBounds(nats));
  say(`nats-server is away until ${backlog} jobs wait`);
  await stage.nats.kill();
  await load.fill(backlog);
  await stage.nats.restart();
  const plan = planDrainingFaults(seed);
  for (const [index, fault] of plan.entries()) {
    const least = before + (backlog * (index + fault.after)) / (plan.length + 1);
    await eventually(async () => assertReached((await logBounds(nats)).lastSequence, least), { timeoutMs: DRAIN_MS });
    await endure(fault, stage, { say });
  }
}

async function endure(fault: OutboxFault, stage: OutboxStage, { say }: Pick<OutboxScenario, 'say'>): Promise<void> {
  say(`${fault.name} for ${fault.holdMs} ms`);
  const mend = await fault.inject(stage);
  await pause(fault.holdMs);
  await mend();
}

/** A row that is claimed is seen until the claim is committed. The poisoned one stays. */
async function untilDrained({ owner }: OutboxStage, poisoned: string): Promise<void> {
  const drained = async () => {
    const { rows } = await owner.query<{ rows: string }>(WAITING, [poisoned]);
    if (Number(rows[0]?.rows) > 0) throw new Error(`${rows[0]?.rows} jobs wait`);
  };
  await eventually(drained, { timeoutMs: DRAIN_MS, intervalMs: 250 });
}

function assertReached(value: number, least: number): void {
  if (value < least) throw new Error(`expected at least ${least}, got: ${value}`);
}

/** Where transactions are serializable, some must have been made again, or this would not prove that they may be. */
function passedLoad(load: BusinessLoad, { openMs, isolation, say }: OutboxScenario): boolean {
  const { transactions, rolledBack, repeated, held } = load;
  say(
    `${transactions} transactions, ${rolledBack} rolled back, ${repeated} made again since they could not be serialized,` +
      ` ${held} held open for ${openMs} ms`,
  );
  const isProof = repeated > 0 || isolation !== 'serializable';
  if (!isProof) say('no transaction had to be made again');
  return isProof;
}

/** The orders that were committed must be most of them and some of them large, or this would prove nothing. */
function passedJoin(join: OutboxJoin, poisoned: string, { transactions, backlog, say }: OutboxScenario): boolean {
  const { orders, events, large, phantoms, doubled, rejected } = join;
  const lost = join.lost.filter((key) => !key.endsWith(` ${poisoned}`));
  const isPoisonedLost = lost.length === join.lost.length - 1;
  say(`${orders} orders, ${events} JobCreated events, ${large} of them large, ${rejected} rows rejected`);
  for (const [what, keys] of Object.entries({ lost, phantoms, doubled })) {
    say(`${what}: ${[keys.length, ...keys.slice(0, SHOWN)].join('\n  ')}`);
  }
  const isMost = orders > (transactions + backlog) / 2 && large > 0;
  if (!isMost) say('too few transactions were committed, or no large one');
  if (!isPoisonedLost) say('the poisoned order is not there without a job');
  return isMost && isPoisonedLost && lost.length + phantoms.length + doubled.length + rejected === 0;
}

function passedReports(missing: readonly string[], { say }: OutboxScenario): boolean {
  for (const line of missing) say(line);
  if (missing.length === 0) say('the poisoned job is deferred, and the status and all metrics say so');
  return missing.length === 0;
}
