import type { RequestHandler } from 'express';
import type { Route } from '../http/route.ts';
import { openApiDocument } from './openApiDocument.ts';

/** `GET /openapi.json`: made when it is first asked for, which takes some 200 ms, and kept as text. */
export function getOpenApi(routes: () => readonly Route[]): RequestHandler {
  let text: string | undefined;
  return (_req, res) => {
    text ??= JSON.stringify(openApiDocument(routes()));
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.setHeader('Content-Length', Buffer.byteLength(text));
    res.setHeader('Cache-Control', 'public, max-age=60');
    res.end(text);
  };
}
