import type { Testbed } from './testbed/testbed.ts';

/** One thing that a worker must do. `run` rejects when it does not; rules for every scenario are checked afterwards. */
export interface Scenario {
  /** In kebab-case; `--scenario` takes it. */
  readonly name: string;
  /** Completes "the worker …". */
  readonly title: string;
  /** The scenario leaves a message on purpose that no worker can settle. */
  readonly leavesMessage?: boolean;
  readonly run: (testbed: Testbed) => Promise<void>;
}
