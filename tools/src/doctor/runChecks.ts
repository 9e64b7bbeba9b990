import { checkApi } from './checkApi.ts';
import { checkClock } from './checkClock.ts';
import { checkDatabase } from './checkDatabase.ts';
import { checkDisk } from './checkDisk.ts';
import { checkJobTypes } from './checkJobTypes.ts';
import { checkLog } from './checkLog.ts';
import { checkNatsServer } from './checkNatsServer.ts';
import { checkNode } from './checkNode.ts';
import { checkSettings } from './checkSettings.ts';
import type { Check, Examination, Finding } from './examination.ts';

const checks: readonly Check[] = [
  () => checkNode(),
  checkSettings,
  checkNatsServer,
  checkDisk,
  checkLog,
  checkClock,
  checkDatabase,
  checkApi,
  checkJobTypes,
];

/** Runs all checks, and returns what they have found in their order. */
export async function runChecks(examination: Examination): Promise<readonly Finding[]> {
  return (await Promise.all(checks.map(async (check) => check(examination)))).flat();
}

/** What was looked at and what was not, since silence about a part may also mean that it is not known. */
export interface Scope {
  readonly checked: readonly string[];
  readonly unchecked: readonly string[];
}

export function scopeOf({ hasLog, hasDatabase, apiUrl }: Examination): Scope {
  const known = { NATS: hasLog, Postgres: hasDatabase, 'the API': apiUrl !== undefined };
  const parts = Object.entries(known);
  const those = (wanted: boolean) => parts.flatMap(([part, isKnown]) => (isKnown === wanted ? [part] : []));
  return { checked: ['this machine', 'the settings', ...those(true)], unchecked: those(false) };
}

/** What doctor says at its end: of what it speaks, and whether all is well there. */
export function conclusionOf(
  { checked, unchecked }: Scope,
  { dataDir, wrong }: { readonly dataDir: string; readonly wrong: number },
): readonly string[] {
  const where = `no system runs on ${dataDir}, and no address is set.`;
  const left = unchecked.length === 0 ? '' : ` Not ${unchecked.join(', ')}: ${where}`;
  const scope = `Checked: ${checked.join(', ')}.${left}`;
  if (wrong > 0) return [scope, `Wrong: ${wrong}.`];
  return [scope, runsNothing({ unchecked }) ? 'Nothing runs here.' : 'Nothing is wrong.'];
}

/** Whether there was no part of a system to look at. */
export function runsNothing({ unchecked }: Pick<Scope, 'unchecked'>): boolean {
  return unchecked.length === 3;
}
