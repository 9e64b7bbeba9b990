import type { JobListFilter, JobStatus } from '@jobstream/client';
import { InvalidArgumentError } from 'commander';
import { apiCommand, type ApiOptions } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { UsageError } from '../command/failure.ts';
import { PAST_TIMES, pastTime, repeated } from '../command/values.ts';
import { STATUSES } from './jobFilter.ts';

const TIMES = { created: 'created', updated: 'changed', started: 'started', finished: 'ended', run: 'due' } as const;

type Filter = Omit<JobListFilter, 'sort' | 'asOf'>;

/** The options of every condition that lists have. */
export interface ListFilterOptions extends ApiOptions, Filter {}

const NAMES = [
  ...(['status', 'type', 'tag', 'errorName', 'errorCode', 'failure', 'search', 'worker', 'rerunOf'] as const),
  ...(Object.keys(TIMES) as (keyof typeof TIMES)[]).flatMap((name) => [`${name}After`, `${name}Before`] as const),
];

/** Begins the declaration of a command about the jobs of a filter with every condition that lists have. */
export function listingCommand(name: string, summary: string) {
  const command = apiCommand(name, summary)
    .option('--status <status>', 'jobs in this status; may be repeated', statuses)
    .option('--type <type>', 'jobs of this type; may be repeated', repeated)
    .option('--tag <tag>', 'jobs with this tag; repeated: with all of them', repeated)
    .option('--error-name <name>', 'jobs whose last error has this name')
    .option('--error-code <code>', 'jobs whose last error has this code')
    .option('--failure <id>', 'jobs of this group of failures')
    .option('--search <condition>', 'jobs with this value, such as customer=ACME; may be repeated', repeated)
    .option('--worker <worker>', 'jobs whose running or last attempt is of this worker')
    .option('--rerun-of <id>', 'jobs that repeat this one');
  for (const [event, what] of Object.entries(TIMES)) {
    command.option(`--${event}-after <time>`, `jobs ${what} after then: ${PAST_TIMES}`, pastTime);
    command.option(`--${event}-before <time>`, `jobs ${what} before then`, pastTime);
  }
  return command;
}

/**
 * Returns the filter that the options are; an empty one if there are none.
 *
 * @throws UsageError for a search without the one type in whose values it looks.
 */
export function listFilterOf(options: ListFilterOptions): Filter {
  if (options.search !== undefined && options.type?.length !== 1)
    throw new UsageError(
      `${options.type === undefined ? '--type is missing' : 'give one --type'}: --search looks in the jobs of one type`,
    );
  return definedIn(Object.fromEntries(NAMES.map((name) => [name, options[name]])) as Filter);
}

function statuses(text: string, earlier?: readonly string[]): readonly JobStatus[] {
  if (STATUSES.some((status) => status === text)) return repeated(text, earlier) as readonly JobStatus[];
  throw new InvalidArgumentError(`Allowed choices are ${STATUSES.join(', ')}.`);
}
