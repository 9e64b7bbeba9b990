import { timingSafeEqual } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type ApiKeyCredential, type ApiKeys, hashOfSecret, parseApiKey } from '@jobstream/readmodel';
import { typedCommand, type Logger, type Service } from '@jobstream/runtime';
import { Problem } from '../problems/problem.ts';
import type { Caller } from './caller.ts';
import { invalidCredentials } from './challenge.ts';

export interface ApiKeyCacheOptions {
  readonly keys: Pick<ApiKeys, 'active' | 'touch'>;
  /** Whether the API is open. Where it is not, keys that were made while it was are refused. */
  readonly open: boolean;
  readonly logger: Logger;
  /** How often the keys are reloaded, which is how long a revoked key may still work elsewhere. Default 2,000 ms. */
  readonly reloadMs?: number;
  /** How long cached keys are valid while they cannot be reloaded. Default 5 minutes. */
  readonly maxAgeMs?: number;
  /** How often the times of last use are written. Default 1 minute. */
  readonly touchMs?: number;
  /** How long a request with an unknown key waits for the next reload. Default 1 second. */
  readonly maxWaitMs?: number;
}

/** The shortest time between two reloads, so that a flood of unknown keys is not a flood of queries. */
const SHORTEST_GAP_MS = 250;

/**
 * A cache of all valid API keys: some hundred bytes each.
 *
 * A request with a cached key does not wait. One with an unknown key waits for the next reload, since the key may be
 * new.
 */
export class ApiKeyCache implements Service {
  readonly name = 'key ring';
  readonly #options: Required<ApiKeyCacheOptions>;
  readonly #timers: NodeJS.Timeout[] = [];
  #known: ReadonlyMap<string, ApiKeyCredential> = new Map();
  readonly #watchers = new Map<string, Set<() => void>>();
  #uses = new Map<string, number>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<boolean> = Promise.resolve(true);
  #next: Promise<boolean> | undefined;
  #failing = false;
  /** The keys that the last warning named. */
  #refused = '';

  constructor(options: ApiKeyCacheOptions) {
    this.#options = { reloadMs: 2_000, maxAgeMs: 300_000, touchMs: 60_000, maxWaitMs: 1_000, ...options };
  }

  /** Starts also without Postgres: no key is valid until it is available. */
  async start(): Promise<void> {
    await this.reload();
    this.#timers.push(setInterval(() => void this.reload(), this.#options.reloadMs));
    this.#timers.push(setInterval(() => void this.#writeUses(), this.#options.touchMs));
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await this.#next;
    await this.#reading;
    await this.#writeUses();
  }

  /**
   * Returns the credential of a valid key, or undefined.
   *
   * @throws Problem `credentials-unverifiable` while the keys cannot be read.
   */
  async find(id: string): Promise<ApiKeyCredential | undefined> {
    const known = this.#isRecent() ? this.#known.get(id) : undefined;
    if (known !== undefined) return known;
    const looked = await Promise.race([this.reload(), pause(this.#options.maxWaitMs, false, { ref: false })]);
    if (!looked) throw new Problem('credentials-unverifiable', { detail: 'the API keys are unavailable' });
    return this.#known.get(id);
  }

  /** Calls `end` when the key is revoked or has expired; returns a function that unsubscribes. */
  onRevoked(id: string, end: () => void): () => void {
    const ends = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, ends.add(end));
    return () => {
      ends.delete(end);
      if (ends.size === 0) this.#watchers.delete(id);
    };
  }

  /** Records that the key was used now. */
  recordUse(id: string): void {
    this.#uses.set(id, Date.now());
  }

  /** Reloads the keys with a query that begins after this call; resolves to false when it failed. */
  reload(): Promise<boolean> {
    this.#next ??= this.#afterGap().then(() => {
      this.#next = undefined;
      this.#reading = this.#read();
      return this.#reading;
    });
    return this.#next;
  }

  async #afterGap(): Promise<void> {
    await this.#reading;
    const gap = this.#readAt + SHORTEST_GAP_MS - performance.now();
    if (gap > 0) await pause(gap);
  }

  #isRecent(): boolean {
    return performance.now() - this.#readAt <= this.#options.maxAgeMs;
  }

  async #read(): Promise<boolean> {
    const begun = performance.now();
    try {
      const active = await this.#options.keys.active();
      const valid = this.#options.open ? active : active.filter(({ madeOpen }) => !madeOpen);
      this.#known = new Map(valid.map((credential) => [credential.id, credential]));
      if (valid.length < active.length) this.#warnOfRefused(active.filter(({ id }) => !this.#known.has(id)));
      this.#readAt = begun;
      this.#failing = false;
      this.#endThoseGone();
      return true;
    } catch (error) {
      this.#warnOnce(error);
      return false;
    }
  }

  /** Warns at the start and when such a key is added, as an open process beside this one may do. */
  #warnOfRefused(keys: readonly ApiKeyCredential[]): void {
    const refused = keys.map(({ id, name }) => `${name} (${id})`).toSorted();
    if (refused.join() === this.#refused) return;
    this.#refused = refused.join();
    this.#options.logger.warn(
      { keys: refused },
      `API keys that were made while the API was open are refused: revoke them with \`${typedCommand('keys', 'revoke --made-open')}\``,
    );
  }

  #endThoseGone(): void {
    for (const [id, ends] of this.#watchers) {
      if (this.#known.has(id)) continue;
      this.#watchers.delete(id);
      for (const end of ends) end();
    }
  }

  #warnOnce(error: unknown): void {
    if (!this.#failing) this.#options.logger.warn({ err: error }, 'API keys unavailable, using the cached ones');
    this.#failing = true;
  }

  async #writeUses(): Promise<void> {
    const uses = this.#uses;
    if (uses.size === 0) return;
    this.#uses = new Map();
    try {
      await this.#options.keys.touch(uses);
    } catch {
      // The time is accurate to a minute only, and the next use writes another.
    }
  }
}

export type KeyLookup = Pick<ApiKeyCache, 'find' | 'recordUse' | 'onRevoked'>;

/**
 * Authenticates an API key.
 *
 * @throws Problem `credentials-refused` for an invalid key, whatever is wrong with it.
 */
export async function authenticateKey(text: string, ring: KeyLookup): Promise<Caller> {
  const given = parseApiKey(text);
  if (given === undefined) throw invalidCredentials('not an API key: it may be truncated or mistyped');
  const credential = await ring.find(given.id);
  if (credential === undefined || !isGood(credential, given.secret)) {
    throw invalidCredentials('the API key is unknown, revoked, expired, or was made while the API was open');
  }
  ring.recordUse(credential.id);
  return callerWithKey(credential, ring);
}

function isGood({ secretHash, expiresAt }: ApiKeyCredential, secret: string): boolean {
  const genuine = timingSafeEqual(hashOfSecret(secret), secretHash);
  return genuine && (expiresAt === null || Date.parse(expiresAt) > Date.now());
}

function callerWithKey({ id, scopes, tenant, madeOpen }: ApiKeyCredential, ring: KeyLookup): Caller {
  const onInvalidated = (end: () => void) => ring.onRevoked(id, end);
  return { actor: { kind: 'api', id }, scopes: new Set(scopes), tenant: tenant ?? undefined, madeOpen, onInvalidated };
}
