import { isLoopback } from '@jobstream/runtime';
import type { Request } from 'express';
import { Problem } from '../../problems/problem.ts';
import type { Check } from './checkAll.ts';

/**
 * For an API without authentication on a loopback address: rejects requests that a web page makes a browser on this
 * machine send.
 *
 * Such a page is recognized by its `Origin`; one whose own name resolves to this machine, by its `Host`.
 */
export function localRequestsOnly(origins: readonly string[]): Check {
  let known = 'localhost'; // the last Host that was local: nearly every request has it, and parsing takes 4 µs
  return (req) => {
    const { origin, host = known } = req.headers; // every browser sends a Host
    if (host !== known && isLocal(`http://${host}`)) known = host;
    if (host !== known || (origin !== undefined && !isAllowed(origin, origins))) throw foreign(req);
  };
}

function isAllowed(origin: string, origins: readonly string[]): boolean {
  return isLocal(origin) || origins.includes(origin);
}

function isLocal(address: string): boolean {
  return isLoopback(URL.parse(address)?.hostname ?? '');
}

function foreign({ headers: { origin } }: Request): Problem {
  const header = origin === undefined ? 'Host' : 'Origin';
  const detail = 'an API without authentication accepts only requests that name this machine';
  return new Problem('foreign-request', { detail, errors: [{ header, detail: 'must name this machine' }] });
}
