import { checkApi } from './checkApi.ts';
import { checkClock } from './checkClock.ts';
import { checkDatabase } from './checkDatabase.ts';
import { checkDisk } from './checkDisk.ts';
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
];

/** Runs all checks, and returns what they have found in their order. */
export async function runChecks(examination: Examination): Promise<readonly Finding[]> {
  return (await Promise.all(checks.map(async (check) => check(examination)))).flat();
}

/** Says what was looked at, since silence about a part may also mean that it is not known. */
export function scopeOf({ hasLog, hasDatabase, apiUrl, dataDir }: Examination): string {
  const known = { NATS: hasLog, Postgres: hasDatabase, 'the API': apiUrl !== undefined };
  const [seen, unseen] = [true, false].map((wanted) =>
    Object.entries(known).flatMap(([part, isKnown]) => (isKnown === wanted ? [part] : [])),
  );
  const looked = ['this machine', 'the settings', ...(seen ?? [])].join(', ');
  if (unseen === undefined || unseen.length === 0) return `Checked: ${looked}.`;
  return `Checked: ${looked}. Not ${unseen.join(', ')}: no system runs on ${dataDir}, and no address is set.`;
}
