import type { Stage } from './stage/stage.ts';

/** One thing that a worker must do. `run` rejects when it does not; what every scenario must show is judged afterwards. */
export interface Scenario {
  /** In kebab-case; `--scenario` takes it. */
  readonly name: string;
  /** Goes on from "the worker …". */
  readonly title: string;
  /** The scenario leaves a message on purpose that no worker can settle. */
  readonly leavesMessage?: boolean;
  readonly run: (stage: Stage) => Promise<void>;
}
