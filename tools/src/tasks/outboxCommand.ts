import { installOutbox, outboxSql, outboxStatus, uninstallOutbox } from '@jobstream/outbox';
import { UsageError } from '@jobstream/runtime';
import type { CommandLine, CommandOption } from '@jobstream/runtime';

/** What `npm run outbox` understands. */
export const outboxCommandLine = {
  command: 'npm run outbox',
  summary:
    'Installs the outbox into the database of an application, so that jobs can be enqueued in its transactions.\n' +
    'See docs/outbox.md.',
  words: 'install | status | uninstall | sql',
  options: {
    url: { type: 'string', value: 'address', help: "The application's database, postgres://…" },
    discard: { type: 'boolean', help: 'For uninstall: also with jobs that wait or were rejected.' },
  },
  environment: { OUTBOX_URL: 'The database, where --url is not given.' },
  notes: ['sql writes what install runs, and needs no database.'],
} as const satisfies CommandLine<Readonly<Record<string, CommandOption>>>;

interface OutboxCommand {
  readonly options: { readonly url?: string | undefined; readonly discard?: boolean | undefined };
  /** The database, where the options have none. */
  readonly url: string | undefined;
  readonly print: (line: string) => void;
}

/**
 * Runs the command with the arguments of `npm run outbox --`.
 *
 * @throws UsageError for words that make no sense, and an Error with one sentence when it cannot be done.
 */
export async function outboxCommand(words: readonly string[], { options, url, print }: OutboxCommand): Promise<void> {
  const action = words.join(' ');
  if (action === 'sql') return print(outboxSql());
  if (!['install', 'status', 'uninstall'].includes(action)) {
    throw new UsageError(`expected install, status, uninstall or sql, got: ${action || 'nothing'}`);
  }
  const database = options.url ?? url;
  if (!database) throw new UsageError('expected --url, or OUTBOX_URL to be set');
  if (action === 'install') return installOutbox(database, print);
  if (action === 'status') return printStatus(database, print);
  await uninstallOutbox(database, { discard: options.discard === true });
  print('the outbox is not installed any more');
}

async function printStatus(url: string, print: (line: string) => void): Promise<void> {
  const { version, waiting, rejected, oldest, bytes } = await outboxStatus(url);
  if (version === 0) return print('no outbox is installed');
  print(`version ${version}: ${waiting} jobs wait, ${rejected} were rejected, the tables have ${bytes} bytes`);
  if (oldest !== undefined) print(`the oldest waits since ${oldest.toISOString()}`);
}
