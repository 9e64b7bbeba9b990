import type * as Schema from 'effect/Schema';
import type { Response } from 'express';
import { setPosition } from './logPosition.ts';

/** Sends a JSON response. Cheaper than `res.json`, which reads settings and computes entity tags. */
export function sendJson(res: Response, status: number, body: unknown, type = 'application/json'): void {
  setPosition(res);
  send(res, status, { type: `${type}; charset=utf-8`, text: JSON.stringify(body) });
}

/** Sends problem details by RFC 9457. */
export function sendProblemJson(res: Response, status: number, body: unknown): void {
  send(res, status, { type: 'application/problem+json; charset=utf-8', text: JSON.stringify(body) });
}

function send(res: Response, status: number, { type, text }: { type: string; text: string }): void {
  res.statusCode = status;
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

/**
 * The type of a JSON body by its schema. An optional field may also be undefined, which JSON omits; building an object
 * without it costs more.
 */
export type BodyOf<S extends Schema.Constraint> = Sendable<S['Type']>;

type Sendable<Type> = Type extends readonly (infer Item)[]
  ? readonly Sendable<Item>[]
  : Type extends object
    ? { readonly [Key in keyof Type]: Sendable<Type[Key]> | UndefinedIfOptional<Type, Key> }
    : Type;

type UndefinedIfOptional<Type, Key extends keyof Type> = object extends Pick<Type, Key> ? undefined : never;
