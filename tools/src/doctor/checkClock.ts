import { readConfig } from '@jobstream/runtime';
import type { Examination, Finding } from './examination.ts';

const DEFAULT_SKEW_MS = 30_000;

/** Whether the clock of this machine is that of the server, within what a worker accepts. */
export async function checkClock({ env, log }: Pick<Examination, 'env' | 'log'>): Promise<readonly Finding[]> {
  const { clockOffsetMs = 0 } = (await log) ?? {};
  const limitMs = maxSkewOf(env);
  if (limitMs === 0 || Math.abs(clockOffsetMs) <= limitMs) return [];
  const off = `${Math.round(Math.abs(clockOffsetMs) / 1_000)} s ${clockOffsetMs > 0 ? 'ahead of' : 'behind'}`;
  const remedy = 'Compare with other machines, and correct the time service of the one that is wrong.';
  return [
    { wrong: `The clock of this machine is ${off} the NATS server's; a worker here would not be ready.`, remedy },
  ];
}

/** Settings that cannot be read are a finding of another check. */
function maxSkewOf(env: NodeJS.ProcessEnv): number {
  try {
    return readConfig(env).MAX_CLOCK_SKEW;
  } catch {
    return DEFAULT_SKEW_MS;
  }
}
