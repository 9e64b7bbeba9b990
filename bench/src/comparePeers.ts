import { type Run, runOnce } from './runOnce.ts';
import { DURABILITIES, type Durability } from './servers/runningServers.ts';
import type { JobSystem } from './systems/jobSystem.ts';
import { loadSystem } from './systems/loadSystem.ts';
import { type Sizes, type Workload, workloads } from './workloads/workloads.ts';

export interface CompareOptions {
  readonly sizes: Sizes;
  readonly rounds: number;
  /** Ids of the workloads. */
  readonly only: readonly string[];
  /** Ids of the systems. */
  readonly systems: readonly string[];
  readonly say: (line: string) => void;
}

export interface Row {
  readonly workload: string;
  readonly title: string;
  readonly durability: Durability;
  readonly systemId: string;
  /** The day on which it was begun. */
  readonly date: string;
  /** One run a round; rounds go through all systems, so that what disturbs the machine disturbs all. */
  readonly runs: readonly Run[];
  /** Why a round gave no figures. */
  readonly failures: readonly string[];
}

/** What is told of a system beside its figures. */
interface ShownSystem extends Pick<JobSystem, 'name' | 'notes'> {
  readonly id: string;
  readonly syncsAlone?: boolean;
}

export interface Comparison {
  readonly systems: readonly ShownSystem[];
  /** Systems that could not be loaded, and why. */
  readonly missing: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

/** Runs every workload on every system, round after round. */
export async function comparePeers(options: CompareOptions): Promise<Comparison> {
  const { systems, missing } = await loadSystems(options.systems);
  const rows: Row[] = [];
  for (const workload of workloads(options.sizes).filter(({ id }) => options.only.includes(id)))
    for (const durability of workload.durabilities ?? DURABILITIES)
      rows.push(...(await compare({ workload, durability, systems }, options)));
  const shown = [...systems].map(([id, { name, notes, syncsAlone = false }]) => ({ id, name, notes, syncsAlone }));
  return { systems: shown, missing, rows };
}

interface Matter {
  readonly workload: Workload;
  readonly durability: Durability;
  readonly systems: ReadonlyMap<string, JobSystem>;
}

async function compare({ workload, durability, systems }: Matter, { rounds, say }: CompareOptions): Promise<Row[]> {
  const isMeasured = ({ syncsByDefault, syncsAlone }: JobSystem) =>
    durability === 'fsync' || (syncsByDefault ?? syncsAlone) !== true;
  const taking = [...systems].filter(([id, system]) => (workload.systems?.includes(id) ?? true) && isMeasured(system));
  const { id, title } = workload;
  const rows = taking.map(([systemId]) => ({
    workload: id,
    title,
    durability,
    systemId,
    date: today(),
    runs: [] as Run[],
    failures: [] as string[],
  }));
  for (let round = 1; round <= Math.min(rounds, workload.mostRounds ?? rounds); round += 1)
    for (const [index, [systemId, system]] of taking.entries()) {
      const row = rows[index];
      if (row === undefined || hasOnlyFailed(row)) continue;
      const outcome = await runOnce({ systemId, system, durability, workload }).catch(String);
      if (typeof outcome === 'string') row.failures.push(outcome);
      else row.runs.push(outcome);
      say(`${id} · ${durability} · round ${round} · ${system.name}: ${described(outcome)}`);
    }
  return rows;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** A system that failed its first round is not asked again: the row says why. */
function hasOnlyFailed({ runs, failures }: Row): boolean {
  return runs.length === 0 && failures.length > 0;
}

function described(outcome: Run | string): string {
  if (typeof outcome === 'string') return outcome;
  return `${Math.round(outcome.jobs / outcome.seconds).toLocaleString('en')} jobs/s`;
}

async function loadSystems(ids: readonly string[]) {
  const systems = new Map<string, JobSystem>();
  const missing: Record<string, string> = {};
  for (const id of ids)
    try {
      systems.set(id, await loadSystem(id));
    } catch (error) {
      missing[id] = String(error);
    }
  return { systems, missing };
}
