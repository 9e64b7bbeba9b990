import { rm } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { readCommandLine } from '@jobstream/runtime';
import { guardOfThisProcess } from '@jobstream/test-support';
import { chaosOptions, type ChaosOptions, type ScenarioName } from './chaosOptions.ts';
import type { FaultKind } from './faults/fault.ts';
import { clusterKinds, expiryKinds, faultKinds } from './faults/faultKinds.ts';
import { runWithOwnMounts } from './ownMounts.ts';
import { runOutboxScenario } from './outbox/outboxScenario.ts';
import { runPowerScenario } from './power/powerScenario.ts';
import { passed, reportLines } from './reportLines.ts';
import { runScenario, type Scenario } from './scenario.ts';

/** The cluster takes a third of the jobs and of the faults: all that it adds is the loss of a server. */
const shares: Readonly<Record<Exclude<ScenarioName, 'power' | 'outbox'>, number>> = {
  single: 1 / 2,
  cluster: 1 / 3,
  expiry: 1 / 6,
};
/** A run of the scenario `expiry` goes through several of them. */
const EXPIRY_AGE = '20s';

readCommandLine({
  command: 'npm run test:chaos',
  summary: 'Runs the fault suite: docs/durability.md and docs/development.md. The last line is PASSED or FAILED.',
  environment: {
    CHAOS_SEED: 'Repeats the jobs and faults of an earlier run.',
    CHAOS_JOBS: 'The least number of acknowledged creations; default 6000.',
    CHAOS_FAULTS: 'The number of faults; default 36.',
    CHAOS_RATE: 'Jobs per second, beside the bursts; default 16.',
    CHAOS_JUNK: 'Messages per second of a stranger on the subjects of jobs; default 2.',
    CHAOS_TRANSACTIONS:
      'Transactions of the scenario outbox, whose log is away for twenty times as many; default 5000.',
    CHAOS_OPEN: 'For how many seconds some of these transactions are held open; default 10.',
    CHAOS_ISOLATION:
      'The isolation level of that application, `serializable` or `read committed`; default the one of the seed.',
    CHAOS_SCENARIOS: 'Scenarios to run, separated by commas: single, cluster, expiry, power, outbox.',
    CHAOS_KINDS: 'Words of the faults to inject, separated by commas; default all.',
    CHAOS_KEEP: '`true` keeps the logs of a run that passed.',
  },
});

async function main(): Promise<boolean> {
  const options = chaosOptions(process.env);
  console.log(`seed ${options.seed} (CHAOS_SEED=${options.seed} runs the same jobs and faults again)`);
  const folder = path.join(repositoryRoot, '.data', 'chaos', options.seed);
  // What an earlier run with this seed left there would be taken for the work of this one.
  await rm(folder, { recursive: true, force: true });
  let good = true;
  for (const scenario of scenariosOf(options, folder)) {
    console.log(`\n== ${scenario.name}: at least ${scenario.jobs} jobs, ${scenario.faults} faults`);
    const report = await runScenario(scenario);
    console.log(`\n${reportLines(report).join('\n')}`);
    good &&= passed(report);
  }
  if (options.scenarios.includes('power')) {
    console.log('\n== power: what a power cut leaves of acknowledged events');
    good = (await runPowerScenario({ folder: path.join(folder, 'power'), mounts: options.mounts, say })) && good;
  }
  if (options.scenarios.includes('outbox')) good = (await runOutbox(options, folder)) && good;
  await conclude(good, folder, options);
  return good;
}

/** A quarter of the faults: nearly all hit what this scenario has of its own. */
function runOutbox(options: ChaosOptions, folder: string): Promise<boolean> {
  const { seed, faults, transactions, openSeconds, isolation } = options;
  console.log(`\n== outbox: ${transactions} transactions of an application, ${isolation} by default`);
  return runOutboxScenario({
    seed: `${seed}-outbox`,
    transactions,
    backlog: transactions * 20,
    openMs: openSeconds * 1_000,
    isolation,
    faults: Math.ceil(faults / 4),
    folder: path.join(folder, 'outbox'),
    say,
  });
}

function say(line: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

async function conclude(good: boolean, folder: string, { seed, keep }: ChaosOptions): Promise<void> {
  if (good && !keep) await rm(folder, { recursive: true, force: true });
  else console.log(`\nlogs and evidence: ${folder}`);
  console.log(`\n${good ? 'PASSED' : 'FAILED'} with seed ${seed}`);
}

/** The scenarios to run, with their shares of jobs and faults. */
function scenariosOf(options: ChaosOptions, folder: string): readonly Scenario[] {
  const names = (['single', 'cluster', 'expiry'] as const).filter((name) => options.scenarios.includes(name));
  const total = names.reduce((sum, name) => sum + shares[name], 0);
  return names.map((name) => ({
    name,
    seed: `${options.seed}-${name}`,
    nodes: name === 'cluster' ? 3 : 1,
    jobs: Math.ceil((options.jobs * shares[name]) / total),
    faults: Math.ceil((options.faults * shares[name]) / total),
    rate: options.rate,
    junk: options.junk,
    maxAge: name === 'expiry' ? EXPIRY_AGE : undefined,
    kinds: kindsOf[name].filter((kind) => isWanted(kind, options)),
    mounts: options.mounts,
    folder: path.join(folder, name),
    say,
  }));
}

const kindsOf = { single: faultKinds, cluster: clusterKinds, expiry: expiryKinds } as const;

function isWanted({ name }: FaultKind, { kinds }: ChaosOptions): boolean {
  return kinds.length === 0 || kinds.some((word) => name.includes(word));
}

const code = await runWithOwnMounts(process.env);
if (code !== undefined) process.exit(code);
const good = await main();
await guardOfThisProcess().stop();
process.exit(good ? 0 : 1);
