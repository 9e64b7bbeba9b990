import {
  discardRejected,
  installOutbox,
  listRejected,
  outboxSql,
  outboxStatus,
  type RejectedJob,
  retryRejected,
  uninstallOutbox,
} from '@jobstream/outbox';
import { UsageError } from '@jobstream/runtime';
import type { CommandLine, CommandOption } from '@jobstream/runtime';

/** What `npm run outbox` understands. */
export const outboxCommandLine = {
  command: 'npm run outbox',
  summary:
    'Installs the outbox into the database of an application, so that jobs can be enqueued in its transactions.\n' +
    'See docs/outbox.md.',
  words: 'install | status | uninstall | sql | rejected | retry <id>… | discard <id>…',
  options: {
    url: { type: 'string', value: 'address', help: "The application's database, postgres://…" },
    discard: { type: 'boolean', help: 'For uninstall: also with jobs that wait or were rejected.' },
    all: { type: 'boolean', help: 'For retry and discard: all rejected rows, instead of those with the ids.' },
  },
  environment: { OUTBOX_URL: 'The database, where --url is not given.' },
  notes: [
    'sql writes what install runs, and needs no database.',
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
  readonly print: (line: string) => void;
}

interface Call {
  readonly database: string;
  readonly ids: readonly string[];
  readonly options: OutboxOptions;
  readonly print: (line: string) => void;
}

const MOST_LISTED = 100;

const actions: Readonly<Record<string, (call: Call) => Promise<void>>> = {
  install: ({ database, print }) => installOutbox(database, print),
  status: ({ database, print }) => printStatus(database, print),
  uninstall: async ({ database, options, print }) => {
    await uninstallOutbox(database, { discard: options.discard === true });
    print('the outbox is not installed any more');
  },
  rejected: ({ database, print }) => printRejected(database, print),
  retry: async (call) => call.print(`${await retryRejected(call.database, chosen(call))} rows wait again`),
  discard: async (call) => call.print(`${await discardRejected(call.database, chosen(call))} rows were deleted`),
};
const WITH_IDS = new Set(['retry', 'discard']);

/**
 * Runs the command with the arguments of `npm run outbox --`.
 *
 * @throws UsageError for words that make no sense, and an Error with one sentence when it cannot be done.
 */
export async function outboxCommand(words: readonly string[], { options, url, print }: OutboxCommand): Promise<void> {
  const [name = 'nothing', ...ids] = words;
  if (words.join(' ') === 'sql') return print(outboxSql());
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined || (ids.length > 0 && !WITH_IDS.has(name))) {
    throw new UsageError(`expected ${Object.keys(actions).join(', ')} or sql, got: ${words.join(' ') || 'nothing'}`);
  }
  const database = options.url ?? url;
  if (!database) throw new UsageError('expected --url, or OUTBOX_URL to be set');
  await action({ database, ids, options, print });
}

function chosen({ ids, options }: Call): readonly string[] | 'all' {
  if ((options.all === true) === ids.length > 0) throw new UsageError('expected the ids of rejected rows, or --all');
  return options.all === true ? 'all' : ids;
}

async function printRejected(url: string, print: (line: string) => void): Promise<void> {
  const rows = await listRejected(url, MOST_LISTED);
  for (const row of rows) print(lineOf(row));
  if (rows.length === 0) print('no row was rejected');
  if (rows.length === MOST_LISTED) print(`these are the ${MOST_LISTED} newest; status says how many there are`);
}

function lineOf({ id, type, tenant, enqueuedAt, rejectedAt, reason }: RejectedJob): string {
  const times = `enqueued ${enqueuedAt.toISOString()}, rejected ${rejectedAt.toISOString()}`;
  return `${id} ${type}${tenant === null ? '' : ` of tenant ${tenant}`}, ${times}: ${reason}`;
}

async function printStatus(url: string, print: (line: string) => void): Promise<void> {
  const { version, waiting, rejected, oldest, bytes } = await outboxStatus(url);
  if (version === 0) return print('no outbox is installed');
  print(`version ${version}: ${waiting} jobs wait, ${rejected} were rejected, the tables have ${bytes} bytes`);
  if (oldest !== undefined) print(`the oldest waits since ${oldest.toISOString()}`);
}
