import type { ApiKey, ApiKeys, NewApiKey, Scope } from '@jobstream/readmodel';
import { typedCommand, UsageError } from '@jobstream/runtime';
import type { CommandLine, CommandOption } from '@jobstream/runtime';
import { dataDirOption } from '../commandLine/dataDir.ts';

/** What `npm run keys` understands. */
export const keysCommandLine = {
  command: 'npm run keys',
  summary: 'Makes, adopts, lists and revokes API keys.',
  words: 'create | adopt | list | revoke <id> | revoke --made-open',
  options: {
    name: { type: 'string', value: 'name', help: 'For create and adopt: what the key is for.' },
    scopes: {
      type: 'string',
      value: 'scope,…',
      help: 'For create and adopt: jobs:read, jobs:write, jobs:debug, schedules:write, admin.',
    },
    tenant: { type: 'string', value: 'tenant', help: 'For create and adopt: the tenant to which the key is confined.' },
    'made-open': { type: 'boolean', help: 'For revoke: all keys that were made while the API was open.' },
    expires: { type: 'string', value: 'time', help: 'For create and adopt: such as 90d, 12h, or an RFC 3339 time.' },
    ...dataDirOption,
  },
  environment: {
    DATABASE_URL: 'The database; default that of the running system.',
    DATA_DIR: 'The data folder of that system; default .data.',
    API_KEY: 'For adopt: the key itself.',
  },
  examples: ['create --name billing --scopes jobs:write --expires 90d', 'list'],
} as const satisfies CommandLine<Readonly<Record<string, CommandOption>>>;

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export interface KeysCommand {
  readonly keys: Pick<ApiKeys, 'create' | 'adopt' | 'list' | 'revoke' | 'revokeMadeOpen'>;
  /** The text of the key for `adopt`. */
  readonly given: string | undefined;
  /** Writes output for programs. */
  readonly print: (line: string) => void;
  /** Writes output for people. */
  readonly explain: (line: string) => void;
}

interface Options {
  readonly name?: string | undefined;
  readonly scopes?: string | undefined;
  readonly tenant?: string | undefined;
  readonly expires?: string | undefined;
  readonly 'made-open'?: boolean | undefined;
}

/**
 * Runs the command with the arguments of `npm run keys --`.
 *
 * @throws UsageError for words that make no sense, and an Error with one sentence when it cannot be done.
 */
export async function keysCommand(words: readonly string[], options: Options, command: KeysCommand): Promise<void> {
  const typedWords = words.join(' ');
  if (typedWords === 'create') return create(options, command);
  if (typedWords === 'adopt') return adopt(options, command);
  if (typedWords === 'list') return list(command);
  if (typedWords === 'revoke' && options['made-open'] === true) return revokeMadeOpen(command);
  const [action, id, ...more] = words;
  if (action === 'revoke' && id !== undefined && more.length === 0) return revoke(id, command);
  const help = typedCommand('keys', '--help');
  throw new UsageError(`expected ${keysCommandLine.words}, got: ${typedWords || 'nothing'}; for help: ${help}`);
}

async function create(options: Options, command: KeysCommand): Promise<void> {
  const { key, text } = await command.keys.create(wantedKey(options));
  command.explain(`${described(key)}\nThis is the only time that the key is shown:`);
  command.print(text);
}

/** For a system that is deployed by a program, which has the key in its settings before the database exists. */
async function adopt(options: Options, { keys, given, explain }: KeysCommand): Promise<void> {
  if (!given) throw new Error('API_KEY is not set: it is the key to adopt.');
  explain(described(await keys.adopt(given, wantedKey(options))));
}

function wantedKey(options: Options): NewApiKey {
  const { name = '', scopes = '', tenant = null, expires } = options;
  const wanted = scopes.split(',').map((scope) => scope.trim()) as Scope[];
  return { name, scopes: wanted, tenant, expiresAt: expires === undefined ? null : instantOf(expires) };
}

async function list({ keys, print }: KeysCommand): Promise<void> {
  for (const key of await keys.list()) print(described(key));
}

async function revoke(id: string, { keys, print }: KeysCommand): Promise<void> {
  if (!(await keys.revoke(id))) throw new Error(`There is no key with the id ${id}.`);
  print(`The key ${id} is revoked; every API process refuses it within 3 seconds.`);
}

async function revokeMadeOpen({ keys, print }: KeysCommand): Promise<void> {
  const revoked = await keys.revokeMadeOpen();
  for (const key of revoked) print(described(key));
  if (revoked.length === 0) print('No key that was made while the API was open is left.');
}

function described(key: ApiKey): string {
  const { id, name, scopes, tenant, createdAt, expiresAt, revokedAt, lastUsedAt, madeOpen } = key;
  const made = madeOpen ? 'while the API was open' : null;
  const facts = { tenant, made, created: createdAt, expires: expiresAt, 'last used': lastUsedAt, revoked: revokedAt };
  const told = Object.entries(facts).flatMap(([what, value]) => (value === null ? [] : [`${what} ${value}`]));
  return [id, name, scopes.join(','), ...told].join('  ');
}

function instantOf(text: string): string {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const after = count === undefined ? undefined : Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  const instant = after === undefined ? Date.parse(text) : Date.now() + after;
  if (Number.isNaN(instant) || instant <= Date.now()) {
    throw new Error(`--expires must be a time in the future, such as 90d or 2030-01-01T00:00:00Z, got: ${text}`);
  }
  return new Date(instant).toISOString();
}
