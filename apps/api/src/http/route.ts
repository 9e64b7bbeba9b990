import type { RequestHandler } from 'express';
import type { Operation } from '../openapi/operation.ts';

export const METHODS = ['get', 'post', 'put', 'delete'] as const;
export type Method = (typeof METHODS)[number];

/** What happens on one method of a path, and what the document says about it: there is no one without the other. */
export interface Endpoint {
  readonly operation: Operation;
  /** The first declares what callers need; where it does not, only administrators pass. */
  readonly handlers: readonly RequestHandler[];
}

/** A path, its endpoints, and other paths that mean the same. */
export interface Route extends Readonly<Partial<Record<Method, Endpoint>>> {
  readonly path: string;
  readonly aliases?: readonly string[];
}
