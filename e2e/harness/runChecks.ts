import { setTimeout as pause } from 'node:timers/promises';
import { NotInstalledError } from './runInstaller.ts';

/** One thing that must be true. */
export interface Check {
  readonly name: string;
  /** Throws when it is not true; resolves to a remark for its line, if there is something to say. */
  readonly run: () => Promise<string | void>;
}

export interface RunChecksOptions {
  /** The checks depend on those before them: after one that failed the others are skipped. */
  readonly untilFailure?: boolean;
  /** A check that takes longer has failed; default: none does. */
  readonly limitMs?: number;
  /** Returns what tells why a check failed, which is written below its line. */
  readonly evidence?: () => Promise<string>;
}

interface Outcome {
  readonly verdict: 'ok' | 'FAILED' | 'skipped';
  readonly line: string;
}

/**
 * Runs checks one after the other and writes a line for each, and at last `N passed, N failed`. A check that needs what is
 * not installed is skipped; with `CI` set it fails.
 *
 * @returns how many failed.
 */
export async function runChecks(checks: readonly Check[], options: RunChecksOptions = {}): Promise<number> {
  const count = { ok: 0, FAILED: 0, skipped: 0 };
  for (const check of checks) {
    const isInVain = options.untilFailure === true && count.FAILED > 0;
    const { verdict, line } = isInVain ? inVain(check) : await outcomeOf(check, options);
    count[verdict] += 1;
    console.log(`${verdict.padEnd(7)} ${line}`);
    if (verdict === 'FAILED') await writeEvidence(options);
  }
  const skipped = count.skipped === 0 ? '' : `, ${count.skipped} skipped`;
  console.log(`${count.ok} passed, ${count.FAILED} failed${skipped}`);
  return count.FAILED;
}

function inVain({ name }: Check): Outcome {
  return { verdict: 'skipped', line: `${name}: a check before it failed` };
}

async function outcomeOf(check: Check, { limitMs }: RunChecksOptions): Promise<Outcome> {
  const { name } = check;
  const begin = performance.now();
  try {
    const remark = await (limitMs === undefined ? check.run() : within(limitMs, check.run()));
    const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
    return { verdict: 'ok', line: `${name}${remark ? `: ${remark}` : ''} (${seconds} s)` };
  } catch (error) {
    const isMissing = error instanceof NotInstalledError && process.env['CI'] === undefined;
    return { verdict: isMissing ? 'skipped' : 'FAILED', line: `${name}: ${messageOf(error)}` };
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const late = pause(limitMs, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`it was not done after ${limitMs / 1_000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
  }
}

async function writeEvidence({ evidence }: RunChecksOptions): Promise<void> {
  const text = await evidence?.().catch(messageOf);
  if (text) console.log(text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
