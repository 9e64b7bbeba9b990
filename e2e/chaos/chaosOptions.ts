import { randomBytes } from 'node:crypto';
import type { Isolation } from './outbox/outboxStage.ts';
import { mayMount } from './ownMounts.ts';
import { seededRandom } from './seededRandom.ts';

const scenarioNames = ['single', 'cluster', 'expiry', 'power', 'outbox'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export interface ChaosOptions {
  readonly seed: string;
  /** Minimum of acknowledged creations over all scenarios. */
  readonly jobs: number;
  /** Faults over all scenarios. */
  readonly faults: number;
  /** Jobs a second, beside the bursts. */
  readonly rate: number;
  /** Messages a second that a stranger writes. */
  readonly junk: number;
  /** Transactions of the scenario `outbox`. */
  readonly transactions: number;
  /** How long some of them are held open, in seconds. */
  readonly openSeconds: number;
  /** The default of that application's database: `serializable` with one of three seeds. */
  readonly isolation: Isolation;
  readonly scenarios: readonly ScenarioName[];
  /** Only faults with one of these words in their name; all without it. */
  readonly kinds: readonly string[];
  /** Keeps logs and evidence of a run that passed, too. */
  readonly keep: boolean;
  /** Whether disks may be mounted. */
  readonly mounts: boolean;
}

/** Reads the CHAOS_* variables; a fresh seed unless one is given. */
export function chaosOptions(env: NodeJS.ProcessEnv): ChaosOptions {
  const seed = env['CHAOS_SEED'] ?? randomBytes(4).toString('hex');
  return {
    seed,
    jobs: count(env, 'CHAOS_JOBS', 6_000),
    faults: count(env, 'CHAOS_FAULTS', 36),
    rate: count(env, 'CHAOS_RATE', 16),
    junk: count(env, 'CHAOS_JUNK', 2),
    transactions: count(env, 'CHAOS_TRANSACTIONS', 5_000),
    openSeconds: count(env, 'CHAOS_OPEN', 10),
    isolation: isolationNamed(env['CHAOS_ISOLATION'] ?? isolationOf(seed)),
    scenarios: list(env['CHAOS_SCENARIOS'] ?? scenarioNames.join(',')).map(scenarioNamed),
    kinds: list(env['CHAOS_KINDS']),
    keep: env['CHAOS_KEEP'] === 'true',
    mounts: mayMount(env),
  };
}

function count(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const value = Number(env[name] ?? fallback);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`expected ${name} to be a number, got: ${env[name]}`);
  return value;
}

function isolationOf(seed: string): Isolation {
  return seededRandom(seed, 'isolation').int(0, 2) === 0 ? 'serializable' : 'read committed';
}

function isolationNamed(name: string): Isolation {
  if (name === 'serializable' || name === 'read committed') return name;
  throw new Error(`expected CHAOS_ISOLATION to be serializable or read committed, got: ${name}`);
}

function list(text = ''): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function scenarioNamed(name: string): ScenarioName {
  const found = scenarioNames.find((one) => one === name);
  if (found === undefined)
    throw new Error(`expected CHAOS_SCENARIOS to name ${scenarioNames.join(', ')}, got: ${name}`);
  return found;
}
