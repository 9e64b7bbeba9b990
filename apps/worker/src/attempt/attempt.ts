import type { Delivery } from '@jobstream/eventlog';
import type { Logger } from '@jobstream/runtime';
import type { Handler } from '../handler/defineHandler.ts';
import type { JobChain } from './jobChain.ts';

/** An attempt that was started in the log: the value that goes through the steps of the pipeline. */
export interface Attempt {
  readonly delivery: Delivery;
  readonly chain: JobChain;
  readonly handler: Handler;
  /** 1 for the first attempt. */
  readonly number: number;
  readonly logger: Logger;
}
