import type { Request } from 'express';

/** The pattern of the route that a request took, the first of its aliases; `none` for a path that no route has. */
export function routeOf({ route }: Request): string {
  const path = (route as { path?: unknown } | undefined)?.path;
  const pattern: unknown = Array.isArray(path) ? path[0] : path;
  return typeof pattern === 'string' ? pattern : 'none';
}
