import {
  discardRejected,
  installOutbox,
  listDeferred,
  listRejected,
  outboxSql,
  outboxStatus,
  rejectDeferred,
  type RejectedJob,
  retryJobs,
  uninstallOutbox,
} from '@jobstream/outbox';
import { countOf, UsageError } from '@jobstream/runtime';
import type { CommandLine, CommandOption } from '@jobstream/runtime';
import { type ApiPlace, waitingUnknownTypes } from './waitingUnknownTypes.ts';

/** What `npm run outbox` understands. */
export const outboxCommandLine = {
  command: 'npm run outbox',
  summary:
    'Installs the outbox into the database of an application, so that jobs can be enqueued in its transactions.\n' +
    'See docs/outbox.md.',
  words: 'install | status | uninstall | sql | rejected | retry <id>… | reject <id>… | discard <id>…',
  options: {
    url: { type: 'string', value: 'address', help: "The application's database, postgres://…" },
    discard: { type: 'boolean', help: 'For uninstall: also with jobs that wait or were rejected.' },
    all: { type: 'boolean', help: 'For retry, reject and discard: all such rows, instead of those with the ids.' },
  },
  environment: {
    OUTBOX_URL: 'The database, where --url is not given.',
    JOBSTREAM_URL: 'For status: the API, which knows the job types; default that of the system on the data folder.',
    JOBSTREAM_KEY: 'An API key for it, with the scope jobs:read.',
    DATA_DIR: 'The data folder; default .data.',
  },
  examples: ['install --url postgres://127.0.0.1/shop', 'status', 'retry --all'],
  notes: [
    'sql writes what install runs, and needs no database.',
    'status warns of job types that no worker has announced, if it finds the API.',
    'status lists the rows that fail and are tried again later; retry tries them at once, and reject gives them up.',
    'rejected lists the newest rows that could not become jobs; retry lets some wait again, and discard deletes them.',
  ],
} as const satisfies CommandLine<Readonly<Record<string, CommandOption>>>;

interface OutboxOptions {
  readonly url?: string | undefined;
  readonly discard?: boolean | undefined;
  readonly all?: boolean | undefined;
}

interface OutboxCommand {
  readonly options: OutboxOptions;
  /** The database, where the options have none. */
  readonly url: string | undefined;
  /** The API, if one is known. */
  readonly api?: ApiPlace | undefined;
  readonly print: (line: string) => void;
}

interface Call {
  readonly database: string;
  readonly ids: readonly string[];
  readonly options: OutboxOptions;
  readonly api: ApiPlace | undefined;
  readonly print: (line: string) => void;
}

const MOST_LISTED = 100;

const actions: Readonly<Record<string, (call: Call) => Promise<void>>> = {
  install: ({ database, print }) => installOutbox(database, print),
  status: async ({ database, api, print }) => {
    await printStatus(database, print);
    for (const warning of api === undefined ? [] : await waitingUnknownTypes(api)) print(warning);
  },
  uninstall: async ({ database, options, print }) => {
    await uninstallOutbox(database, { discard: options.discard === true });
    print('the outbox is not installed any more');
  },
  rejected: ({ database, print }) => printRejected(database, print),
  retry: async (call) => {
    const rows = await retryJobs(call.database, chosen(call));
    call.print(`${countOf(rows, 'row')} ${rows === 1 ? 'waits' : 'wait'} again`);
  },
  reject: async (call) => call.print(rowsWere(await rejectDeferred(call.database, chosen(call)), 'rejected')),
  discard: async (call) => call.print(rowsWere(await discardRejected(call.database, chosen(call)), 'deleted')),
};
const WITH_IDS = new Set(['retry', 'reject', 'discard']);

/**
 * Runs the command with the arguments of `npm run outbox --`.
 *
 * @throws UsageError for words that make no sense, and an Error with one sentence when it cannot be done.
 */
export async function outboxCommand(
  words: readonly string[],
  { options, url, api, print }: OutboxCommand,
): Promise<void> {
  const [name = 'nothing', ...ids] = words;
  if (words.join(' ') === 'sql') return print(outboxSql());
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined || (ids.length > 0 && !WITH_IDS.has(name))) {
    throw new UsageError(`expected ${Object.keys(actions).join(', ')} or sql, got: ${words.join(' ') || 'nothing'}`);
  }
  await action({ database: addressOf(options.url, url), ids, options, api, print });
}

/** @throws UsageError, which does not show what it is instead of an address: that may hold a password. */
function addressOf(given: string | undefined, otherwise: string | undefined): string {
  const database = given ?? otherwise;
  if (!database) throw new UsageError('expected --url, or OUTBOX_URL to be set');
  if (/^postgres(?:ql)?:\/\//u.test(database)) return database;
  throw new UsageError(`expected ${given === undefined ? 'OUTBOX_URL' : '--url'} to begin with postgres://`);
}

function rowsWere(rows: number, done: string): string {
  return `${countOf(rows, 'row')} ${rows === 1 ? 'was' : 'were'} ${done}`;
}

function chosen({ ids, options }: Call): readonly string[] | 'all' {
  if ((options.all === true) === ids.length > 0) throw new UsageError('expected the ids of rows, or --all');
  return options.all === true ? 'all' : ids;
}

async function printRejected(url: string, print: (line: string) => void): Promise<void> {
  const rows = await listRejected(url, MOST_LISTED);
  for (const row of rows) print(lineOf(row));
  if (rows.length === 0) print('no row was rejected');
  if (rows.length === MOST_LISTED) print(`these are the ${MOST_LISTED} newest; status says how many there are`);
}

function lineOf({ enqueuedAt, rejectedAt, reason, ...row }: RejectedJob): string {
  return `${nameOf(row)}, enqueued ${enqueuedAt.toISOString()}, rejected ${rejectedAt.toISOString()}: ${reason}`;
}

function nameOf({ id, type, tenant }: Pick<RejectedJob, 'id' | 'type' | 'tenant'>): string {
  return `${id} ${type}${tenant === null ? '' : ` of tenant ${tenant}`}`;
}

async function printStatus(url: string, print: (line: string) => void): Promise<void> {
  const { version, waiting, isEstimate, deferred, rejected, oldest, bytes } = await outboxStatus(url);
  if (version === 0) return print('no outbox is installed');
  const wait = `${isEstimate ? 'about ' : ''}${countOf(waiting, 'job')} ${waiting === 1 ? 'waits' : 'wait'}`;
  const others = `${deferred} deferred, ${rejected} rejected`;
  print(`version ${version}: ${wait}, ${others}; the tables have ${countOf(bytes, 'byte')}`);
  if (oldest !== undefined) print(`the oldest waits since ${oldest.toISOString()}`);
  if (deferred > 0) await printDeferred(url, print);
}

async function printDeferred(url: string, print: (line: string) => void): Promise<void> {
  const rows = await listDeferred(url, MOST_LISTED);
  for (const { attempts, nextTryAt, reason, ...row } of rows) {
    print(`${nameOf(row)}, deferred after ${countOf(attempts, 'attempt')} until ${nextTryAt.toISOString()}: ${reason}`);
  }
  if (rows.length === MOST_LISTED) print(`these are the ${MOST_LISTED} that have failed most often`);
}
