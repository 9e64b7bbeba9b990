import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import type { Check } from './checkAll.ts';

const decide = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xFrameOptions: { action: 'deny' },
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
});

/**
 * Sets headers that keep browsers from interpreting responses; headers for pages are left out. They are the same for every
 * request, so helmet is asked for them once, and its functions are not called for each.
 */
export function secureHeaders(): Check {
  const headers = headersOfHelmet();
  return (_req, res) => {
    for (const [name, value] of headers) res.setHeader(name, value);
  };
}

function headersOfHelmet(): readonly (readonly [name: string, value: string])[] {
  const req = new IncomingMessage(new Socket());
  const res = new ServerResponse(req);
  decide(req, res, (error?: unknown) => {
    if (error !== undefined) throw new Error('the headers cannot be made', { cause: error });
  });
  return res.getHeaderNames().map((name) => [name, String(res.getHeader(name))]);
}
