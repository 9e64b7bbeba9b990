import { createRequire } from 'node:module';
import path from 'node:path';
import { Schema } from 'effect';
import type { RequestHandler } from 'express';
import { allowAnyone } from '../auth/requireScope.ts';
import { Problem } from '../problems/problem.ts';
import { jsonContent, type Operation } from '../routes/operation.ts';
import type { Route } from '../routes/route.ts';
import { openApiDocument } from './openApiDocument.ts';

/** What the page loads. The package has more: among it a page of its own, which asks a server elsewhere. */
const FILES: ReadonlySet<string> = new Set(['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png']);

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });\n`;

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Jobstream API</title>
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png" />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <noscript>The API is described in <a href="/openapi.json">/openapi.json</a>.</noscript>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** Everything comes from here. The bundle writes style attributes, and its style sheet has images in it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const FilePath = Schema.Struct({ file: Schema.String.check(Schema.isPattern(/^[\w.-]+$/u)) });

const documentOperations = {
  openApi: {
    id: 'getOpenApi',
    tag: 'operations',
    summary: 'Get this document',
    responses: {
      200: {
        description: 'OpenAPI 3.1.',
        headers: ['Cache-Control'],
        content: jsonContent(Schema.Record(Schema.String, Schema.Unknown)),
      },
    },
  },
  page: {
    id: 'getDocs',
    tag: 'operations',
    summary: 'Browse this document',
    responses: { 200: { description: 'An HTML page.', headers: ['Cache-Control'], content: { 'text/html': {} } } },
  },
  file: {
    id: 'getDocsFile',
    tag: 'operations',
    summary: 'Get a file of the documentation page',
    path: FilePath,
    responses: {
      200: {
        description: 'A script, a style sheet or an icon.',
        headers: ['Cache-Control'],
        content: { 'text/javascript': {}, 'text/css': {}, 'image/png': {} },
      },
    },
    problems: ['path-not-found'],
  },
} as const satisfies Record<string, Operation>;

/** The description of all routes, for programs and for people. Public: it is the same everywhere, and has no secret. */
export function documentRoutes(routes: () => readonly Route[]): readonly Route[] {
  return [
    {
      path: '/openapi.json',
      get: { operation: documentOperations.openApi, handlers: [allowAnyone(), getOpenApi(routes)] },
    },
    { path: '/docs', get: { operation: documentOperations.page, handlers: [allowAnyone(), getDocsPage()] } },
    { path: '/docs/:file', get: { operation: documentOperations.file, handlers: [allowAnyone(), getDocsFile()] } },
  ];
}

/** `GET /openapi.json`: made when it is first asked for, which takes some 200 ms, and kept as text. */
function getOpenApi(routes: () => readonly Route[]): RequestHandler {
  let text: string | undefined;
  return (_req, res) => {
    text ??= JSON.stringify(openApiDocument(routes()));
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.setHeader('Content-Length', Buffer.byteLength(text));
    res.setHeader('Cache-Control', 'public, max-age=60');
    res.end(text);
  };
}

/** `GET /docs`: a page on which the document can be read and tried out. */
function getDocsPage(): RequestHandler {
  return (_req, res) => {
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    res.setHeader('Content-Length', Buffer.byteLength(PAGE));
    res.setHeader('Content-Security-Policy', POLICY);
    res.setHeader('Cache-Control', 'no-cache');
    res.end(PAGE);
  };
}

/** `GET /docs/:file`. Whoever ships this app as a single file ships the package `swagger-ui-dist` beside it. */
function getDocsFile(): RequestHandler {
  let folder: string | undefined;
  return (req, res, next) => {
    const file = String(req.params['file']);
    res.setHeader('Cache-Control', 'public, max-age=3600');
    if (file === 'start.js') {
      res.setHeader('Content-Type', 'text/javascript; charset=utf-8');
      return void res.end(START);
    }
    if (!FILES.has(file)) throw new Problem('path-not-found');
    folder ??= path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    res.sendFile(file, { root: folder, cacheControl: false }, (error?: Error) => error && next(error));
  };
}
