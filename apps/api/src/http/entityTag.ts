import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { Problem } from '../problems/problem.ts';

/** The strong entity tag of a version of a job. */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/** Whether the sender has this version already. `Cache-Control: no-cache` in a request concerns caches, not us. */
export function hasVersion(req: IncomingMessage, tag: string): boolean {
  return givenTags(req).some((one) => one === '*' || one === tag);
}

/** The newest version that the sender has, by its tags; 0 when it names none. */
export function knownVersion(req: IncomingMessage): number {
  const versions = givenTags(req).map((one) => Number(/^"(\d{1,9})"$/.exec(one)?.[1] ?? 0));
  return Math.max(0, ...versions);
}

function givenTags(req: IncomingMessage): string[] {
  const given = req.headers['if-none-match'] ?? '';
  return given.split(',').map((one) => one.trim().replace(/^W\//, ''));
}

/** Throws a Problem when the sender wants to change another version than this one; without `If-Match` any will do. */
export function assertIfMatch(req: Request, version: number): void {
  const given = req.headers['if-match'];
  if (given === undefined) return;
  const accepted = new Set(['*', entityTag(version)]);
  if (given.split(',').some((tag) => accepted.has(tag.trim()))) return;
  const detail = `the version is ${version}`;
  throw new Problem('precondition-failed', { detail, errors: [{ header: 'If-Match', detail }] });
}
