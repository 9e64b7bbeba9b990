import type { Schema } from 'effect';
import type { Response } from 'express';

/** Ends a response with a JSON body. Cheaper than `res.json`, which looks into settings and computes entity tags. */
export function sendJson(res: Response, status: number, body: unknown, type = 'application/json'): void {
  send(res, status, { type: `${type}; charset=utf-8`, text: JSON.stringify(body) });
}

/** As sendJson, for a body in the format of RFC 9457. */
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
 * What can be sent as a body of a schema. A field that may be left out may also be undefined, since JSON knows no
 * difference, and building an object without it costs more.
 */
export type BodyOf<S extends Schema.Constraint> = Sendable<S['Type']>;

type Sendable<Type> = Type extends readonly (infer Item)[]
  ? readonly Sendable<Item>[]
  : Type extends object
    ? { readonly [Key in keyof Type]: Sendable<Type[Key]> | UndefinedIfOptional<Type, Key> }
    : Type;

type UndefinedIfOptional<Type, Key extends keyof Type> = object extends Pick<Type, Key> ? undefined : never;
