import { parseArgs } from 'node:util';
import type { ApiKey, ApiKeys, NewApiKey, Scope } from '@jobstream/readmodel';

const USAGE = `Usage:
  npm run keys -- create --name <name> --scopes <scope,…> [--tenant <tenant>] [--expires <90d | RFC 3339 time>]
  npm run keys -- adopt --name <name> --scopes <scope,…> [--tenant …] [--expires …]   (the key itself is in API_KEY)
  npm run keys -- list
  npm run keys -- revoke <id>
Scopes: jobs:read, jobs:write, schedules:write, admin.`;

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export interface KeysCommand {
  readonly keys: Pick<ApiKeys, 'create' | 'adopt' | 'list' | 'revoke'>;
  /** The text of the key for `adopt`. */
  readonly given: string | undefined;
  /** For what a program may read. */
  readonly print: (line: string) => void;
  /** For what a person may read. */
  readonly explain: (line: string) => void;
}

/** Carries out the words after `npm run keys --`; an error says in a sentence what is wrong with them. */
export async function keysCommand(words: readonly string[], command: KeysCommand): Promise<void> {
  const { action, rest, options } = parse(words);
  if (action === 'create' && rest.length === 0) return create(options, command);
  if (action === 'adopt' && rest.length === 0) return adopt(options, command);
  if (action === 'list' && rest.length === 0) return list(command);
  if (action === 'revoke' && rest.length === 1) return revoke(rest[0] ?? '', command);
  throw new Error(USAGE);
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { name: text, scopes: text, tenant: text, expires: text };
  try {
    const { positionals, values } = parseArgs({ args: [...words], options, allowPositionals: true });
    const [action, ...rest] = positionals;
    return { action, rest, options: values };
  } catch (error) {
    throw new Error(`${String(error instanceof Error ? error.message : error)}\n${USAGE}`, { cause: error });
  }
}

type Options = ReturnType<typeof parse>['options'];

async function create(options: Options, command: KeysCommand): Promise<void> {
  const { key, text } = await command.keys.create(wantedKey(options));
  command.explain(`${described(key)}\nThis is the only time that the key is shown:`);
  command.print(text);
}

/** For a system that is set up by a program: the key is in its settings before there is a database. */
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

function described(key: ApiKey): string {
  const { id, name, scopes, tenant, createdAt, expiresAt, revokedAt, lastUsedAt } = key;
  const facts = { tenant, created: createdAt, expires: expiresAt, 'last used': lastUsedAt, revoked: revokedAt };
  const told = Object.entries(facts).flatMap(([what, value]) => (value === null ? [] : [`${what} ${value}`]));
  return [id, name, scopes.join(','), ...told].join('  ');
}

function instantOf(text: string): string {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const after = count === undefined ? undefined : Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  const instant = after === undefined ? Date.parse(text) : Date.now() + after;
  if (Number.isNaN(instant) || instant <= Date.now()) {
    throw new Error(`--expires must be a time to come, such as 90d or 2030-01-01T00:00:00Z, got: ${text}`);
  }
  return new Date(instant).toISOString();
}
