import os from 'node:os';
import { processorModel } from './processorModel.ts';

/** What a reader of ratios and shares must know about where they come from. */
export interface MachineToday {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  /** The load average when it was asked for: other work beside it makes all things dearer. */
  readonly load: number;
  readonly node: string;
}

export function machineToday(): MachineToday {
  const [load = 0] = os.loadavg();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processorModel(),
    cores: os.availableParallelism(),
    load,
    node: process.versions.node,
  };
}
