import { randomBytes } from 'node:crypto';
import { mayMount } from './ownMounts.ts';

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
  return {
    seed: env['CHAOS_SEED'] ?? randomBytes(4).toString('hex'),
    jobs: count(env, 'CHAOS_JOBS', 6_000),
    faults: count(env, 'CHAOS_FAULTS', 36),
    rate: count(env, 'CHAOS_RATE', 16),
    junk: count(env, 'CHAOS_JUNK', 2),
    transactions: count(env, 'CHAOS_TRANSACTIONS', 5_000),
    openSeconds: count(env, 'CHAOS_OPEN', 10),
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
