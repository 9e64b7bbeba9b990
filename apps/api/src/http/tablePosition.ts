import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog } from '@jobstream/eventlog';
import type { ReadModel } from '@jobstream/readmodel';
import type { RequestHandler } from 'express';
import * as Schema from 'effect/Schema';
import { integerParameter, queryDecoder } from './parsing/decodeQuery.ts';
import type { RequestLimits } from './requestLimits.ts';
import { unlessUnavailable } from './unlessUnavailable.ts';

/** The parameter `minPosition`, to be spread into the query of a route that is `ofTable`. */
export const positionParameter = {
  minPosition: Schema.optionalKey(
    integerParameter(/^\d{1,15}$/u, {
      expected: 'a Jobstream-Position',
      jsonSchema: { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 },
    }),
  ).annotateKey({
    description:
      'The `Jobstream-Position` of an earlier response: the answer has all that had happened by then. Waits at most two ' +
      'seconds for it; after that the answer has the header `Jobstream-Table-Lag`.',
  }),
};

const decode = queryDecoder(Schema.Struct(positionParameter));

const POLL_MS = 15;

interface Sources {
  readonly table: Pick<ReadModel, 'readCheckpoint' | 'hastenProjection'>;
  readonly log: Pick<EventLog, 'clock' | 'lastSequence' | 'stats'>;
  readonly limits: Pick<RequestLimits, 'pastMs' | 'partMs'>;
}

/**
 * Waits until the table has what happened up to a position of the log, and lets the projector know, which under load gathers events for
 * a while. One look at its checkpoint serves all who wait.
 */
export class TablePosition {
  readonly #sources: Sources;
  #known = 0;
  #looking: Promise<void> | undefined;
  #hastening: Promise<unknown> | undefined;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /**
   * Whether the table has reached `position`, after two seconds at most; at once if the log has not.
   *
   * @throws ReadModelUnavailableError
   */
  async reaches(position: number): Promise<boolean> {
    const { limits } = this.#sources;
    const deadline = performance.now() + limits.pastMs;
    let end: number | undefined;
    for (;;) {
      if (this.#known >= position) return true;
      await (this.#looking ??= this.#look().finally(() => (this.#looking = undefined)));
      if (this.#known >= position) return true;
      end ??= (await unlessUnavailable(this.#sources.log.lastSequence(), limits.partMs)) ?? undefined;
      if (performance.now() >= deadline || (end !== undefined && end < position)) return false;
      await this.#hasten();
      await pause(POLL_MS);
    }
  }

  /** How old the oldest event is that the table does not have, in milliseconds; 0 if it has all, undefined if that is not known. */
  async lagMs(): Promise<number | undefined> {
    const { log, limits } = this.#sources;
    const lag = await unlessUnavailable(log.stats.lag(this.#known), limits.partMs);
    if (!lag) return undefined;
    return lag.oldestAt === undefined ? 0 : Math.max(0, log.clock.now() - Date.parse(lag.oldestAt));
  }

  /** Has the projector write what it gathers. If that fails, the table comes a little later, or the next look fails too. */
  #hasten(): Promise<unknown> {
    const { table, limits } = this.#sources;
    this.#hastening ??= unlessUnavailable(table.hastenProjection(), limits.partMs).finally(
      () => (this.#hastening = undefined),
    );
    return this.#hastening;
  }

  async #look(): Promise<void> {
    const checkpoint = await this.#sources.table.readCheckpoint();
    this.#known = checkpoint?.lastSequence ?? 0;
  }
}

/** Has a handler that reads the table wait for the `minPosition` of its request. */
export function ofTable(position: TablePosition, handler: RequestHandler): RequestHandler {
  return async (req, res, next) => {
    const { minPosition: given } = req.query;
    if (given !== undefined) {
      const { minPosition = 0 } = decode({ minPosition: given });
      if (!(await position.reaches(minPosition))) {
        const lagMs = await position.lagMs();
        if (lagMs !== undefined) res.setHeader('Jobstream-Table-Lag', String(lagMs));
      }
    }
    return handler(req, res, next);
  };
}
