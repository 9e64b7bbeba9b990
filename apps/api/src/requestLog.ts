import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger } from '@jobstream/runtime';
import type { Request, RequestHandler, Response } from 'express';
import { pinoHttp } from 'pino-http';

const SANE_REQUEST_ID = /^[\w.:@/+=-]{1,128}$/;
const nothing = () => undefined;

/**
 * Gives each request an id (the sender's `X-Request-Id` if it is a sane one), returns it in the answer, and logs one
 * line when the answer is sent: no headers, no query, no body.
 */
export function requestLog(logger: Logger): RequestHandler {
  return pinoHttp<Request, Response>({
    logger,
    genReqId: (req, res) => {
      const id = saneRequestId(req) ?? randomUUID();
      res.setHeader('X-Request-Id', id);
      return id;
    },
    quietReqLogger: true,
    quietResLogger: true,
    wrapSerializers: false,
    serializers: { req: nothing },
    customAttributeKeys: { reqId: 'requestId' },
    customLogLevel: levelOf,
    customSuccessMessage: () => 'request',
    customSuccessObject: line,
    customErrorMessage: () => 'request failed',
    customErrorObject: (req, res, error, value) => ({ ...line(req, res, value), ...reason(res, error) }),
  });
}

/** The id under which the request is found in logs, answers and events. */
export function requestIdOf(req: Request): string {
  return typeof req.id === 'string' ? req.id : '';
}

function saneRequestId(req: IncomingMessage): string | undefined {
  const given = req.headers['x-request-id'];
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : undefined;
}

function line(req: Request, res: Response, value: { responseTime: number }): object {
  const path = req.originalUrl.split('?', 1)[0];
  const { jobId } = res.locals;
  return { method: req.method, path, status: res.statusCode, ms: value.responseTime, ...(jobId ? { jobId } : {}) };
}

/** An outage is one sentence a request; only a defect of ours deserves its stack. */
function reason(res: Response, error: Error): object {
  return res.statusCode === 503 ? { reason: error.message } : { err: error };
}

function levelOf(req: Request, res: Response): 'debug' | 'info' | 'warn' | 'error' {
  if (req.originalUrl.startsWith('/health/')) return 'debug';
  if (res.statusCode < 500) return 'info';
  return res.statusCode === 503 ? 'warn' : 'error';
}
