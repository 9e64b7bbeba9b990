import type { Request, Response } from 'express';
import { Problem } from '../problems/problem.ts';

/** Browsers store a cookie under a `__Host-` name only if it came over TLS from exactly this host. */
const NAMES = { secure: '__Host-jobstream', plain: 'jobstream' };
/** A longer cookie is dropped by browsers without a word. */
const MAX_COOKIE_BYTES = 4_096;
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Returns the key or token in the cookie of the dashboard; undefined without one.
 *
 * @throws Problem `foreign-request` when a page of another origin made the browser send it.
 */
export function sessionCredential(req: Request): string | undefined {
  const credential = cookieValue(req);
  if (credential !== undefined && !isSameOrigin(req)) throw foreignSession();
  return credential;
}

/** Has the browser send this key or token, which must be a verified one, until it is closed. */
export function startSession(req: Request, res: Response, credential: string): void {
  if (nameFor(req).length + credential.length > MAX_COOKIE_BYTES) {
    throw new Problem('headers-too-large', {
      detail: `a browser keeps at most ${MAX_COOKIE_BYTES} bytes, and the token is longer: use an API key`,
    });
  }
  res.cookie(nameFor(req), credential, { ...cookieOptions(req), encode: String });
}

/** Has the browser forget the key or token that it sent, if it did. */
export function endSession(req: Request, res: Response): void {
  if (cookieValue(req) !== undefined) res.clearCookie(nameFor(req), cookieOptions(req));
}

function cookieOptions(req: Request) {
  return { httpOnly: true, sameSite: 'strict', secure: req.secure, path: '/' } as const;
}

function nameFor(req: Request): string {
  return req.secure ? NAMES.secure : NAMES.plain;
}

function cookieValue(req: Request): string | undefined {
  const pairs = req.headers.cookie?.split(';').map((pair) => pair.trim()) ?? [];
  const start = `${nameFor(req)}=`;
  return pairs.find((pair) => pair.startsWith(start))?.slice(start.length) || undefined;
}

/** By `Sec-Fetch-Site`, which pages cannot set; browsers leave it out without TLS, and then changes have an `Origin`. */
function isSameOrigin({ headers, host, method, protocol }: Request): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || (site === 'none' && SAFE_METHODS.has(method));
  if (headers.origin !== undefined)
    return URL.parse(headers.origin)?.origin === URL.parse(`${protocol}://${host}`)?.origin;
  return SAFE_METHODS.has(method);
}

function foreignSession(): Problem {
  const detail = 'the login of the dashboard is accepted only from pages of this server';
  return new Problem('foreign-request', {
    detail,
    errors: [{ header: 'Origin', detail: 'must be that of this server' }],
  });
}
