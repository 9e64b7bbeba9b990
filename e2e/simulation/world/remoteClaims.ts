import { hash } from 'node:crypto';
import { canonicalJson, uniqueValues } from '@jobstream/domain';
import type { MemoryServer, StoredClaim, UniqueSource } from '@jobstream/eventlog';
import { claimRequest, claimSubject, decodeClaim } from '@jobstream/eventlog/testing/memoryParts';
import type { Mortal } from './mortal.ts';

/** The unique keys of the log in memory, as a process has them: the methods of UniqueClaims. Its requests take no turns. */
export class RemoteClaims {
  readonly deadlineMs = 4_000;
  readonly #server: MemoryServer;
  readonly #process: Mortal;

  constructor(server: MemoryServer, process: Mortal) {
    this.#server = server;
    this.#process = process;
  }

  keyOf({ jobType, unique, payload }: UniqueSource): Promise<string> {
    return Promise.resolve(hash('sha256', canonicalJson([jobType, uniqueValues(unique, payload)])).slice(0, 22));
  }

  inTurn<Result>(_key: string, work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  newest(key: string): Promise<StoredClaim | undefined> {
    return this.#process.ask(`read claim ${key}`, () => {
      const message = this.#server.stream.lastClaim(claimSubject(key));
      return Promise.resolve(message && { ...decodeClaim(message.text), sequence: message.sequence });
    });
  }

  /** @throws ConcurrentAppendError */
  renew(key: string, { sequence, ...body }: StoredClaim): Promise<void> {
    const request = claimRequest({ key, after: sequence, until: body.until }, { ...body, renewed: true });
    return this.#process.ask(`renew claim ${key}`, async () =>
      this.#server.stream.storeClaim(request, this.#server.clock.now()),
    );
  }
}
