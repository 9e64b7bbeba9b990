import type { CallOptions, Transport } from '../transport/transport.ts';

/** What a key allows; `admin` includes the others. */
export type KeyScope = 'jobs:read' | 'jobs:write' | 'jobs:debug' | 'schedules:write' | 'admin';

/** An API key as administrators see it: without its secret. */
export interface ApiKey {
  /** Public: it appears in logs and as the actor of events. */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly tenant?: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  /** To the minute. */
  readonly lastUsedAt?: string;
  /** Made while the API was open: where it requires credentials, the key is refused. */
  readonly madeOpen?: true;
}

export interface NewKey {
  /** 1 to 100 printable characters. */
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  /** Limits the key to one tenant. */
  readonly tenant?: string;
  /** RFC 3339; without it the key does not expire. */
  readonly expiresAt?: string;
}

export interface CreatedKey extends ApiKey {
  /** The key itself. It cannot be read again. */
  readonly key: string;
}

/** The API keys, for callers with the scope `admin`. */
export class Keys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Returns all keys, newest first, including those that expired or were revoked. */
  async list({ signal }: CallOptions = {}): Promise<readonly ApiKey[]> {
    return (await this.#transport.ask<{ items: readonly ApiKey[] }>({ path: '/api/keys', signal })).items;
  }

  /** Creates a key. A request whose outcome is unknown is not repeated, so that no key exists that nobody has. */
  create(key: NewKey, { signal }: CallOptions = {}): Promise<CreatedKey> {
    return this.#transport.ask({ method: 'POST', path: '/api/keys', body: key, repeatable: false, signal });
  }

  /** Revokes a key permanently; every process refuses it within 3 seconds. @throws NotFoundError for an unknown id. */
  async revoke(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#transport.ask({ method: 'DELETE', path: `/api/keys/${encodeURIComponent(id)}`, signal });
  }
}
