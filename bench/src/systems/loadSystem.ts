import type { JobSystem } from './jobSystem.ts';

const LOADERS: Readonly<Record<string, () => Promise<JobSystem>>> = {
  jobstream: async () => (await import('./jobstream/jobstream.ts')).jobstream,
  'jobstream-table': async () => (await import('./jobstream/jobstream.ts')).jobstreamWithTable,
  start: async () => (await import('./start/start.ts')).start,
  'start-without-past': async () => (await import('./start/start.ts')).startWithout('past', 'past states'),
  'start-without-keeper': async () => (await import('./start/start.ts')).startWithout('keeper', 'the keeper'),
  'start-without-archive': async () => (await import('./start/start.ts')).startWithout('archive', 'the archive'),
  baseline: async () => (await import('./baseline/baseline.ts')).baseline,
  'baseline-table': async () => (await import('./baseline/baseline.ts')).baselineWithTable,
  bullmq: async () => (await import('./bullmq.ts')).bullmq,
  'pg-boss': async () => (await import('./pgBoss.ts')).pgBoss,
  'graphile-worker': async () => (await import('./graphileWorker.ts')).graphileWorker,
};

export const SYSTEM_IDS: readonly string[] = Object.keys(LOADERS);

/** Loads a system's module only when it is wanted: a peer that is not installed must not stop the others. */
export async function loadSystem(id: string): Promise<JobSystem> {
  const load = LOADERS[id];
  if (load === undefined) throw new Error(`there is no system ${id}: ${SYSTEM_IDS.join(', ')}`);
  return load();
}
