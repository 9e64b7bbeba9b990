import { isUtf8 } from 'node:buffer';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { Problem } from '../../problems/problem.ts';
import { parseJson } from './parseJson.ts';

/** A payload may have 256 KiB; this leaves room for the other fields. */
export const MAX_BODY_BYTES = 320 * 1_024;

/** How long a rejected body is still read. */
const LINGER_MS = 1_000;

const UTF_8 = new TextDecoder();

const JSON_MEDIA_TYPE = /^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

export interface JsonBodyOptions {
  readonly required: boolean;
  /** Default 320 KiB. */
  readonly maxBytes?: number;
}

/** Makes the handler that parses any JSON value into `req.body`; without `required`, the body may be missing. */
export function jsonBody({ required, maxBytes = MAX_BODY_BYTES }: JsonBodyOptions): RequestHandler {
  const common = { limit: maxBytes, inflate: false, type: () => true };
  const readBytes = express.raw(common);
  const readText = express.text({ ...common, defaultCharset: 'utf-8', verify: requireUtf8 });
  return (req, res, next) => {
    if (required || !isEmpty(req)) requireJson(req);
    limitLength(req, res, maxBytes);
    // Nearly all say this and nothing else, so that no charset needs to be looked for.
    const read = req.headers['content-type'] === 'application/json' ? readBytes : readText;
    read(req, res, (error?: unknown) => (error === undefined ? parseBody(req, next) : next(error)));
  };
}

function isEmpty({ headers }: Request): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return encoding === undefined && (length === undefined || length === '0');
}

function requireJson({ headers }: Request): void {
  if (isJson(headers['content-type'])) return;
  throw new Problem('unsupported-media-type', { detail: 'send JSON with the header Content-Type: application/json' });
}

/**
 * Rejects a body by its `Content-Length`, before any of it is read; the parser would read it to its end first. What the
 * client sends nevertheless is read for a moment, since closing the connection at once could lose the response.
 */
function limitLength(req: Request, res: Response, maxBytes: number): void {
  if (!(Number(req.headers['content-length']) > maxBytes)) return;
  res.once('finish', () => setTimeout(() => req.complete || req.destroy(), LINGER_MS).unref());
  throw new Problem('payload-too-large', { detail: `the body may have at most ${maxBytes} bytes` });
}

/** A body that is there and empty counts as an empty object. */
function parseBody(req: Request, next: NextFunction): void {
  try {
    const read: unknown = req.body;
    const text = Buffer.isBuffer(read) ? textOf(read) : read;
    if (typeof text === 'string') req.body = text === '' ? {} : parseJson(text);
  } catch (error) {
    next(error);
    return;
  }
  next();
}

function isJson(type: string | undefined): boolean {
  return type !== undefined && JSON_MEDIA_TYPE.test(type);
}

function requireUtf8(_req: unknown, _res: unknown, body: Buffer, encoding: string): void {
  if (encoding !== 'utf-8') throw new Problem('unsupported-media-type', { detail: 'the charset must be UTF-8' });
  assertUtf8(body);
}

/** Decoding would replace broken bytes in silence, and the payload would not be what was sent. */
function assertUtf8(body: Buffer): void {
  if (!isUtf8(body)) throw new Problem('malformed-json', { detail: 'the body is not UTF-8' });
}

/** Without a byte order mark. */
function textOf(body: Buffer): string {
  assertUtf8(body);
  return UTF_8.decode(body);
}
