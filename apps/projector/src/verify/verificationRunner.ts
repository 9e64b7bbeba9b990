import { randomUUID } from 'node:crypto';
import { timestampOf } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import type { EventLog } from '@jobstream/eventlog';
import type { AuditLog, RequestedVerification, VerificationEnd, Verifications } from '@jobstream/readmodel';
import type { Difference } from '@jobstream/readmodel';
import { PeriodicLoop } from '@jobstream/runtime';
import type { Logger, NextTurn } from '@jobstream/runtime';
import { ProgressReporter } from '../tasks/progressReporter.ts';
import { DIFFERENCES_KEPT, endOf, type VerificationEnding } from './verificationEnding.ts';
import { verifyTables } from './verifyTables.ts';

export interface VerificationRunnerOptions {
  readonly verifications: Pick<Verifications, 'claim' | 'report' | 'finish'>;
  readonly auditLog: Pick<AuditLog, 'write'>;
  readonly eventLog: Pick<EventLog, 'follow' | 'lastSequence' | 'readNext' | 'clock'>;
  readonly databaseUrl: string;
  readonly logger: Logger;
  /** How often to look for a request and to report progress, in milliseconds; default 1 s. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 1_000;

/**
 * Compares the tables with the log when the API asks for it, one comparison at a time, with the code of `npm run verify`. Of
 * several runners one claims the request; when its process dies or stops, another one begins anew.
 */
export class VerificationRunner extends PeriodicLoop {
  readonly name = 'verification runner';
  readonly #options: VerificationRunnerOptions;
  readonly #id = randomUUID();

  constructor(options: VerificationRunnerOptions) {
    const { logger, intervalMs = INTERVAL_MS } = options;
    const failure = 'a requested verification could not be read or recorded';
    // At debug level, since the projector logs that Postgres is unavailable.
    super({ logger, intervalMs, failure, level: 'debug' });
    this.#options = options;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const request = await this.#options.verifications.claim(this.#id);
    if (request !== undefined) await this.#run(request, stop);
    return this.intervalMs;
  }

  async #run(request: RequestedVerification, stop: AbortSignal): Promise<void> {
    const { verifications, logger } = this.#options;
    const end = await this.#verify(stop);
    if (end === undefined) return; // left to the next runner
    await verifications.finish(this.#id, end.status, end.result);
    const { first: _first, ...figures } = end.result;
    logger.info({ id: request.id, status: end.status, ...figures }, 'the table was compared with the log');
    await this.#audit(request, end.status, figures);
  }

  async #verify(stop: AbortSignal): Promise<VerificationEnding | undefined> {
    const { eventLog, databaseUrl } = this.#options;
    const reporter = new ProgressReporter(this.intervalMs, async (progress) => {
      const isOurs = await this.#options.verifications.report(this.#id, progress);
      return isOurs ? undefined : new Error('another process has claimed the verification');
    });
    const first: Difference[] = [];
    const onDifference = (one: Difference) => void (first.length < DIFFERENCES_KEPT && first.push(one));
    const task = { eventLog, databaseUrl, repair: false, onDifference, onProgress: reporter.onProgress };
    try {
      return endOf(await verifyTables({ ...task, stop: AbortSignal.any([stop, reporter.ended]) }), first);
    } catch (error) {
      if (stop.aborted || reporter.ended.aborted) return undefined;
      return { status: 'failed', result: { reason: error instanceof Error ? error.message : String(error) } };
    } finally {
      reporter.stop();
    }
  }

  /** The request is in the audit log already; this is what came of it. */
  async #audit({ id, requestedBy }: RequestedVerification, status: VerificationEnd, figures: object): Promise<void> {
    if (requestedBy === null) return;
    await this.#options.auditLog.write({
      id: newId(),
      at: timestampOf(this.#options.eventLog.clock.now()),
      actor: requestedBy,
      action: 'verification.end',
      subjectKind: 'verification',
      subjectId: id,
      details: { status, ...figures },
      outcome: 'succeeded',
    });
  }
}
