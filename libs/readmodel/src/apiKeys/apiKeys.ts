import type { Pool } from 'pg';
import type { PoolOptions } from '../postgres/postgresService.ts';
import { InvalidApiKeyError } from '../errors.ts';
import { PostgresService } from '../postgres/postgresService.ts';
import { apiKeyColumns } from './apiKey.ts';
import type { ApiKey, ApiKeyCredential, NewApiKey } from './apiKey.ts';
import { assertValidKey } from './apiKey.ts';
import { formatApiKey, hashOfSecret, newApiKey, parseApiKey } from './apiKeyText.ts';
import type { ApiKeyText } from './apiKeyText.ts';

/** A pool of its own: slow lists of jobs must not delay authentication. */
const MAX_CONNECTIONS = 2;

const INSERT = `INSERT INTO api_keys (id, name, scopes, tenant, expires_at, secret_hash, made_open)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  RETURNING ${apiKeyColumns}`;
const ADOPT = INSERT.replace('RETURNING', 'ON CONFLICT (id) DO NOTHING RETURNING');
const FIND = `SELECT ${apiKeyColumns} FROM api_keys WHERE id = $1 AND secret_hash = $2`;
const LIST = `SELECT ${apiKeyColumns} FROM api_keys WHERE $1::text IS NULL OR tenant = $1 ORDER BY created_at DESC, id`;
const REVOKE = `UPDATE api_keys SET revoked_at = coalesce(revoked_at, now())
  WHERE id = $1 AND ($2::text IS NULL OR tenant = $2)`;
const REVOKE_MADE_OPEN = `UPDATE api_keys SET revoked_at = now() WHERE made_open AND revoked_at IS NULL
  RETURNING ${apiKeyColumns}`;
const ACTIVE = {
  name: 'active_api_keys',
  text: `SELECT id, name, scopes, tenant, expires_at AS "expiresAt", secret_hash AS "secretHash", made_open AS "madeOpen"
    FROM api_keys
    WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
};
const TOUCH = {
  name: 'touch_api_keys',
  text: `UPDATE api_keys SET last_used_at = used.at FROM unnest($1::text[], $2::timestamptz[]) AS used(id, at)
    WHERE api_keys.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)`,
};

/**
 * The API keys in Postgres, each query within 5 s. Every method rejects with ReadModelUnavailableError while Postgres is
 * unavailable, and with SchemaMismatchError while migrations are missing.
 */
export class ApiKeys extends PostgresService {
  readonly name = 'API keys';

  constructor(options: PoolOptions) {
    super({ maxConnections: MAX_CONNECTIONS, ...options });
  }

  /** Creates a key; `text` is the only copy of its secret. @throws InvalidApiKeyError. */
  async create(wanted: NewApiKey): Promise<{ readonly key: ApiKey; readonly text: string }> {
    assertValidKey(wanted);
    const text = newApiKey();
    const values = rowOf(text, wanted);
    const [key] = await this.use((pool) => rowsOf<ApiKey>(pool, { text: INSERT, values }));
    if (key === undefined) throw new Error('an insert returns its row');
    return { key, text: formatApiKey(text) };
  }

  /**
   * Stores a key that was created elsewhere; a key that exists already does not change, even if revoked.
   *
   * @throws InvalidApiKeyError, also for a text that is no key or has the id of another key.
   */
  async adopt(text: string, wanted: NewApiKey): Promise<ApiKey> {
    assertValidKey(wanted);
    const parsed = parseApiKey(text);
    if (parsed === undefined) throw new InvalidApiKeyError(['this is not the text of a key']);
    const find = { text: FIND, values: [parsed.id, hashOfSecret(parsed.secret)] };
    const [key] = await this.use(async (pool) => {
      const added = await rowsOf<ApiKey>(pool, { text: ADOPT, values: rowOf(parsed, wanted) });
      return added.length > 0 ? added : rowsOf<ApiKey>(pool, find);
    });
    if (key === undefined) throw new InvalidApiKeyError([`there is another key with the id ${parsed.id}`]);
    return key;
  }

  /** Lists all keys, also revoked and expired ones, newest first; with a tenant only those of the tenant. */
  list(tenant?: string): Promise<readonly ApiKey[]> {
    return this.use((pool) => rowsOf<ApiKey>(pool, { text: LIST, values: [tenant ?? null] }));
  }

  /** Revokes a key permanently; false if there is none with this id (and tenant, if given). May be repeated. */
  async revoke(id: string, tenant?: string): Promise<boolean> {
    const { rowCount } = await this.use((pool) => pool.query(REVOKE, [id, tenant ?? null]));
    return rowCount === 1;
  }

  /** Revokes all keys that were made while the API was open; returns those that were not revoked before. */
  revokeMadeOpen(): Promise<readonly ApiKey[]> {
    return this.use((pool) => rowsOf<ApiKey>(pool, { text: REVOKE_MADE_OPEN }));
  }

  /** All keys that are neither revoked nor expired. */
  active(): Promise<readonly ApiKeyCredential[]> {
    return this.use((pool) => rowsOf<ApiKeyCredential>(pool, ACTIVE));
  }

  /** Stores when keys were last used, in Unix milliseconds by id. */
  async touch(uses: ReadonlyMap<string, number>): Promise<void> {
    const times = [...uses.values()].map((at) => new Date(at).toISOString());
    await this.use((pool) => pool.query({ ...TOUCH, values: [[...uses.keys()], times] }));
  }
}

function rowOf(
  { id, secret }: ApiKeyText,
  { name, scopes, tenant, expiresAt, madeOpen = false }: NewApiKey,
): unknown[] {
  return [id, name, [...scopes], tenant, expiresAt, hashOfSecret(secret), madeOpen];
}

async function rowsOf<Row extends object>(
  pool: Pool,
  statement: { readonly text: string; readonly values?: unknown[] },
): Promise<readonly Row[]> {
  return (await pool.query<Row & Record<string, unknown>>(statement)).rows;
}
