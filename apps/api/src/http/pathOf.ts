import type { Request } from 'express';

/** The path that was asked for, without its query. */
export function pathOf(req: Request): string {
  const end = req.originalUrl.indexOf('?');
  return end === -1 ? req.originalUrl : req.originalUrl.slice(0, end);
}
