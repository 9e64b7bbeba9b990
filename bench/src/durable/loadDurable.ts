import type { DurableSystem } from './durableSystem.ts';

const LOADERS: Readonly<Record<string, () => Promise<DurableSystem>>> = {
  jobstream: async () => (await import('./jobstreamDurable.ts')).jobstreamDurable,
  'jobstream-table': async () => (await import('./jobstreamDurable.ts')).jobstreamDurableWithTable,
  dbos: async () => (await import('./dbosDurable.ts')).dbosDurable,
};

export const DURABLE_IDS: readonly string[] = Object.keys(LOADERS);

/** Loads a system's module only where it is used, so that no process holds the other's code. */
export function loadDurable(id: string): Promise<DurableSystem> {
  const load = LOADERS[id];
  if (load === undefined) throw new Error(`there is no system ${id}: ${DURABLE_IDS.join(', ')}`);
  return load();
}
