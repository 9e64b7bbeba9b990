import type { RequestHandler } from 'express';
import type { Route } from '../http/route.ts';
import { sendJson } from '../http/sendJson.ts';
import { openApiDocument } from './openApiDocument.ts';

/** `GET /openapi.json`: made when it is first asked for. */
export function getOpenApi(routes: () => readonly Route[]): RequestHandler {
  let document: object | undefined;
  return (_req, res) => {
    document ??= openApiDocument(routes());
    res.setHeader('Cache-Control', 'public, max-age=60');
    sendJson(res, 200, document);
  };
}
