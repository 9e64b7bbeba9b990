import { Option } from '@commander-js/extra-typings';
import type { JobFilter, JobStatus } from '@jobstream/client';
import { apiCommand, type ApiOptions } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { PAST_TIMES, pastTime } from '../command/values.ts';

/** The options that select jobs. */
export interface FilterOptions extends ApiOptions {
  readonly status?: JobStatus;
  readonly type?: string;
  readonly tag?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
}

export const STATUSES = [
  'scheduled',
  'pending',
  'processing',
  'waiting',
  'retrying',
  'completed',
  'failed',
  'cancelled',
] as const satisfies readonly JobStatus[];

/** Begins the declaration of a command about the jobs of a filter. */
export function filteredCommand(name: string, summary: string) {
  return apiCommand(name, summary)
    .addOption(new Option('--status <status>', 'jobs in this status').choices(STATUSES))
    .option('--type <type>', 'jobs of this type')
    .option('--tag <tag>', 'jobs with this tag')
    .option('--created-after <time>', `jobs created after then: ${PAST_TIMES}`, pastTime)
    .option('--created-before <time>', 'jobs created before then', pastTime);
}

/** Returns the filter that the options are; an empty one if there are none. */
export function filterOf({ status, type, tag, createdAfter, createdBefore }: FilterOptions): JobFilter {
  return definedIn({ status, type, tag, createdAfter, createdBefore });
}
