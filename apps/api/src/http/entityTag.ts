import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { Problem } from '../problems/problem.ts';

/** Returns the strong entity tag of a version. */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/** Whether the client has this version. `Cache-Control: no-cache` in a request concerns caches, not the API. */
export function hasVersion(req: IncomingMessage, tag: string): boolean {
  return givenTags(req).some((one) => one === '*' || one === tag);
}

/** Returns the newest version that the client has by its entity tags, or 0. */
export function knownVersion(req: IncomingMessage): number {
  const versions = givenTags(req).map((one) => Number(/^"(\d{1,9})"$/.exec(one)?.[1] ?? 0));
  return Math.max(0, ...versions);
}

function givenTags(req: IncomingMessage): string[] {
  const given = req.headers['if-none-match'] ?? '';
  return given.split(',').map((one) => one.trim().replace(/^W\//, ''));
}

/**
 * Checks `If-Match`; without it, any version matches.
 *
 * @throws Problem `precondition-failed` when the client expects another version.
 */
export function assertIfMatch(req: Request, version: number): void {
  const given = req.headers['if-match'];
  if (given === undefined) return;
  const accepted = new Set(['*', entityTag(version)]);
  if (given.split(',').some((tag) => accepted.has(tag.trim()))) return;
  const detail = `the version is ${version}`;
  throw new Problem('precondition-failed', { detail, errors: [{ header: 'If-Match', detail }] });
}
