import { cost } from '../cost/cost.ts';
import { durable } from '../durable/durable.ts';
import { drainOutbox } from '../outbox/drainOutbox.ts';
import { enqueueCost } from '../outbox/enqueueCost.ts';
import { outboxLatency } from '../outbox/outboxLatency.ts';
import { outboxSize } from '../outbox/outboxSize.ts';
import { ageOut } from './ageOut.ts';
import { append } from './append.ts';
import { bulkReplay } from './bulkReplay.ts';
import { asOf } from './asOf.ts';
import { cancelRunning } from './cancelRunning.ts';
import { catchUp } from './catchUp.ts';
import { delayedTogether } from './delayedTogether.ts';
import { drainBatches } from './drainBatches.ts';
import type { HandrunBench } from './handrunBench.ts';
import { hotUpdates } from './hotUpdates.ts';
import { listing } from './listing.ts';
import { paging } from './paging.ts';
import { projectionLag } from './projectionLag.ts';
import { readSteps } from './readSteps.ts';
import { search } from './search.ts';
import { soak } from './soak.ts';
import { stopWithRunningJobs } from './stopWithRunningJobs.ts';
import { tableSize } from './tableSize.ts';
import { waitingJobs } from './waitingJobs.ts';

/** All benchmarks that `npm run bench:one` knows. */
export const handrunBenches: readonly HandrunBench[] = [
  append,
  catchUp,
  projectionLag,
  tableSize,
  hotUpdates,
  drainBatches,
  ageOut,
  paging,
  listing,
  search,
  readSteps,
  waitingJobs,
  bulkReplay,
  asOf,
  cancelRunning,
  delayedTogether,
  soak,
  stopWithRunningJobs,
  drainOutbox,
  outboxLatency,
  enqueueCost,
  outboxSize,
  durable,
  cost,
];
