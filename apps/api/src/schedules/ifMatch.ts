import type { Request } from 'express';
import { entityTag } from '../http/entityTag.ts';
import { Problem } from '../problems/problem.ts';

/** Throws a Problem when the sender wants to change another version than this one; without `If-Match` any will do. */
export function assertIfMatch(req: Request, version: number): void {
  const given = req.headers['if-match'];
  if (given === undefined) return;
  const accepted = new Set(['*', entityTag(version)]);
  if (given.split(',').some((tag) => accepted.has(tag.trim()))) return;
  const detail = `the version is ${version}`;
  throw new Problem('precondition-failed', { detail, errors: [{ header: 'If-Match', detail }] });
}
