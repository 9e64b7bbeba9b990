import type { Request } from 'express';

/** Returns the pattern of the route that handled a request, without aliases; `none` if there is none. */
export function routeOf({ route }: Request): string {
  const path = (route as { path?: unknown } | undefined)?.path;
  const pattern: unknown = Array.isArray(path) ? path[0] : path;
  return typeof pattern === 'string' ? pattern : 'none';
}

const PROBE_ROUTES: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics']);

/**
 * Whether monitoring sends this request every few seconds. The request log, the metrics and the traces leave such
 * requests out; an alias or another spelling of the path makes no difference.
 */
export function isProbe(req: Request): boolean {
  return PROBE_ROUTES.has(routeOf(req));
}

/** Returns the path of a request without its query. */
export function pathOf(req: Request): string {
  const end = req.originalUrl.indexOf('?');
  return end === -1 ? req.originalUrl : req.originalUrl.slice(0, end);
}
