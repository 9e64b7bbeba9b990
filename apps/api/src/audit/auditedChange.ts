import { timestampOf } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import type { AuditRecord } from '@jobstream/readmodel';
import type { Request, RequestHandler, Response } from 'express';
import { callerOf } from '../auth/caller.ts';
import { fieldOf } from '../http/parsing/decodeBody.ts';
import { problemType } from '../problems/problemTypes.ts';
import { toProblem } from '../problems/toProblem.ts';
import { requestIdOf } from '../telemetry/requestLog.ts';
import type { AuditTrail } from './auditTrail.ts';

/** What the audit log has of a route. */
export interface AuditedChange {
  /** `<subject kind>.<verb>`, such as `job.cancel`; the kind in the plural for many at once. */
  readonly action: `${string}.${string}`;
  /** The parameter of the path that has the id of the subject. Where there is none, a handler may call `nameSubject`. */
  readonly subject?: string;
  /** Whether no event tells who made the change, so that it must not be made without its record. */
  readonly required?: boolean;
  /** Whether a body with `"dryRun": true` changes nothing, so that it is not recorded. */
  readonly hasDryRun?: boolean;
  /** What else to record of the body; not its secrets. It has not been checked. */
  readonly details?: (body: unknown) => unknown;
}

/** The parts that the app hands to its routes. */
export interface AuditParts {
  readonly trail: Pick<AuditTrail, 'begin' | 'finish'>;
  /** The server's time. */
  readonly clock: { now(): number };
}

/** Fields of a body that are larger are not recorded. */
const MAX_DETAILS_CHARS = 4_000;
const MAX_REASON_CHARS = 1_000;

/** Makes a handler that records a change in the audit log, before it is made and after it. */
export function audited(change: AuditedChange, handler: RequestHandler): RequestHandler {
  const recorded: RequestHandler = async (req, res, next) => {
    if (change.hasDryRun === true && fieldOf(req.body, 'dryRun') === true) {
      await handler(req, res, next);
      return;
    }
    const { trail, clock } = partsOf(req);
    const record = recordOf(change, req, res, clock.now());
    await trail.begin(record, change.required ?? false);
    // A handler that has passed its deadline calls `next`, and may still be at work.
    let failure: unknown;
    const observed = (error?: unknown) => {
      failure = error;
      next(error);
    };
    try {
      await handler(req, res, observed);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      trail.finish({ ...record, ...outcomeOf(failure), ...subjectOf(res) });
    }
  };
  return Object.assign(recorded, { audit: change });
}

/** Whether a handler records what it changes. */
export function isAudited(handler: RequestHandler | undefined): boolean {
  return handler !== undefined && 'audit' in handler;
}

/** Tells the audit log which thing a request has created. */
export function nameSubject(res: Response, subjectId: string): void {
  res.locals['auditedSubject'] = subjectId;
}

function partsOf(req: Request): AuditParts {
  const parts = req.app.locals['audit'] as AuditParts | undefined;
  if (parts === undefined) throw new Error('the app has no audit trail');
  return parts;
}

function recordOf({ action, subject, details }: AuditedChange, req: Request, res: Response, now: number): AuditRecord {
  const { actor, tenant } = callerOf(res);
  const body = req.body as unknown;
  return {
    id: newId(),
    at: timestampOf(now),
    actor,
    tenant,
    action,
    subjectKind: action.slice(0, action.indexOf('.')),
    subjectId: subject === undefined ? undefined : String(req.params[subject]).slice(0, MAX_REASON_CHARS),
    reason: reasonIn(body),
    requestId: requestIdOf(res),
    details: details === undefined ? undefined : unlessLarge(details(body)),
    outcome: 'unknown',
  };
}

function reasonIn(body: unknown): string | undefined {
  const reason = fieldOf(body, 'reason');
  return typeof reason === 'string' ? reason.slice(0, MAX_REASON_CHARS) : undefined;
}

/** Says of what is larger that it was left out, and how large it was. */
function unlessLarge(details: unknown): unknown {
  const text = JSON.stringify(details) as string | undefined;
  return text !== undefined && text.length > MAX_DETAILS_CHARS ? { tooLarge: text.length } : details;
}

/** After a 5xx the change may have been made nevertheless. */
function outcomeOf(failure: unknown): Pick<AuditRecord, 'outcome' | 'problem'> {
  if (failure === undefined) return { outcome: 'succeeded' };
  const { code } = toProblem(failure);
  return { outcome: problemType(code).status < 500 ? 'refused' : 'unknown', problem: code };
}

function subjectOf(res: Response): Pick<AuditRecord, 'subjectId'> {
  const subjectId = res.locals['auditedSubject'] as string | undefined;
  return subjectId === undefined ? {} : { subjectId };
}
