import { InvalidCursorError } from '@jobstream/readmodel';
import type { Request, Response } from 'express';
import { invalidParameters } from './parsing/decodeQuery.ts';

/** Links from a page to the next one (RFC 8288): the same request with the cursor. The last page, whose cursor is null, gets no link. */
export function linkToNext(req: Request, res: Response, nextCursor: string | null): void {
  if (nextCursor === null) return;
  const query = new URLSearchParams();
  for (const [name, given] of Object.entries(req.query as Record<string, string | readonly string[]>)) {
    for (const value of [given].flat()) query.append(name, value);
  }
  query.set('cursor', nextCursor);
  res.setHeader('Link', `<${req.path}?${query.toString()}>; rel="next"`);
}

/**
 * For the `catch` of what reads a page: a cursor that is none is a mistake of the caller.
 *
 * @throws Problem `invalid-parameter`; any other error itself.
 */
export function orInvalidCursor(detail = 'must be the nextCursor of an earlier page'): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof InvalidCursorError)) throw error;
    throw invalidParameters([{ parameter: 'cursor', detail }]);
  };
}
