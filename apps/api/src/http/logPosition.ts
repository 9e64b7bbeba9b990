import type { EventLog } from '@jobstream/eventlog';
import type { Response } from 'express';

/**
 * Has the answer to a request that may have changed something say which position of the log has the changes, in the header
 * `Jobstream-Position`. The log is that of `app.locals`.
 */
export function setPosition(res: Response): void {
  const { method } = res.req;
  if (method === 'GET' || method === 'HEAD') return;
  const log = res.app.locals['log'] as Pick<EventLog, 'reached'> | undefined;
  if (log !== undefined) res.setHeader('Jobstream-Position', String(log.reached.sequence));
}
