import type { ClientProcess } from '../client/clientProcess.ts';
import type { Outcome } from '../client/command.ts';
import type { Durability } from '../servers/durability.ts';
import type { ClientRole } from '../systems/jobSystem.ts';

/** What a workload may use: fresh servers of one system, and client processes on them. */
export interface WorkloadStage {
  client(role: ClientRole): Promise<ClientProcess>;
  /** Whether readers can see jobs completed. */
  readonly showsCompletion: boolean;
}

/** The figures of one run of a workload. */
export interface WorkloadFigures {
  readonly jobs: number;
  readonly seconds: number;
  /** What each client did; the last is the one that the time is taken from. */
  readonly clients: Readonly<Record<string, Outcome>>;
}

export interface Workload {
  readonly id: string;
  readonly title: string;
  /** Which systems take part; all unless told. */
  readonly systems?: readonly string[];
  /** In which modes; all unless told. */
  readonly durabilities?: readonly Durability[];
  /** How often at the most. */
  readonly mostRounds?: number;
  /** What must be there before the measurement begins, e.g. jobs to drain. */
  run(stage: WorkloadStage, measured: <T>(work: () => Promise<T>) => Promise<T>): Promise<WorkloadFigures>;
}
