import { createRequire } from 'node:module';
import path from 'node:path';
import type { RequestHandler } from 'express';
import { Problem } from '../problems/problem.ts';

/** What the page loads. The package has more: among it a page of its own, which asks a server elsewhere. */
const FILES: ReadonlySet<string> = new Set(['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png']);

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });\n`;

/** `GET /docs/:file`. Whoever ships this app as a single file ships the package `swagger-ui-dist` beside it. */
export function getDocsFile(): RequestHandler {
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
