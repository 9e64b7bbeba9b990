import { existsSync } from 'node:fs';
import path from 'node:path';
import express, { type RequestHandler, type Response, type Router } from 'express';
import { Problem } from '../problems/problem.ts';

/** All resources come from this server, and nothing in the page is inline. */
const POLICY = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const NOT_BUILT =
  'The dashboard is not built yet: `npm start` builds it within a minute, and `npm run build:dashboard` for an API that runs by itself.\n';

/**
 * Serves the built page in `folder`, which may be built later: the page itself at every path, for its views, and its
 * files, whose names change with their contents.
 */
export function dashboardPage(folder: string): Router {
  const router = express.Router();
  const files = { index: false, redirect: false, cacheControl: false, setHeaders: setFileHeaders } as const;
  router.use(preferCompressed(folder), express.static(folder, files));
  router.use('/assets', () => {
    throw new Problem('path-not-found');
  });
  router.use(servePage(folder));
  return router;
}

const COPIES = { br: '.br', gzip: '.gz' } as const;

/** Leads to the compressed copy that the build has made of a script or style, where the browser takes one. */
function preferCompressed(folder: string): RequestHandler {
  return (req, res, next) => {
    if (!/^\/assets\/[\w.-]+\.(?:js|css)$/.test(req.path)) return next();
    res.vary('Accept-Encoding');
    const encoding = req.acceptsEncodings(Object.keys(COPIES)) as keyof typeof COPIES | false;
    if (encoding === false || !existsSync(path.join(folder, req.path + COPIES[encoding]))) return next();
    res.type(path.extname(req.path)).setHeader('Content-Encoding', encoding);
    req.url = req.path + COPIES[encoding];
    next();
  };
}

function setFileHeaders(res: Response, file: string): void {
  const hashed = path.basename(path.dirname(file)) === 'assets';
  res.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
}

function servePage(folder: string): RequestHandler {
  return (req, res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return next();
    res.setHeader('Cache-Control', 'no-cache');
    if (!existsSync(path.join(folder, 'index.html'))) return sayNotBuilt(res);
    res.setHeader('Content-Security-Policy', POLICY);
    res.sendFile('index.html', { root: folder, cacheControl: false }, (error?: Error) => error && next(error));
  };
}

/** Browsers ask again by themselves. */
function sayNotBuilt(res: Response): void {
  res.statusCode = 503;
  res.setHeader('Retry-After', '5');
  res.setHeader('Refresh', '5');
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.end(NOT_BUILT);
}
