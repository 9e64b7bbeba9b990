import type { EventLog } from '@jobstream/eventlog';
import type { RequestHandler, Response } from 'express';

type Log = Pick<EventLog, 'reached'>;

/** Has the answers to requests that may change something say which position of the log has the changes. */
export function answersWithPosition(log: Log): RequestHandler {
  return ({ method }, res, next) => {
    if (method !== 'GET' && method !== 'HEAD') res.locals['log'] = log;
    next();
  };
}

/** Sets the header `Jobstream-Position` of an answer that is sent when the changes have been made. */
export function setPosition(res: Response): void {
  const log = res.locals['log'] as Log | undefined;
  if (log !== undefined) res.setHeader('Jobstream-Position', String(log.reached.sequence));
}
