import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { nameSubject } from '../audit/auditedChange.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { Problem } from '../problems/problem.ts';
import { jsonContent, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';
import { VerificationsView, verificationView } from './verificationView.ts';

const problems = ['table-unavailable', 'deadline-exceeded'] as const;
const content = jsonContent(VerificationsView);

const verificationDocs = {
  read: {
    id: 'getVerification',
    tag: 'operations',
    summary: 'Get the last comparison of the table with the log',
    description: 'The last one that has ended, over HTTP or by `npm run verify`, and the one that is in progress.',
    responses: { 200: { description: 'The comparisons.', headers: ['Cache-Control'], content } },
    problems,
  },
  request: {
    id: 'requestVerification',
    tag: 'operations',
    summary: 'Compare the table with the log',
    description:
      'A projector folds the whole log beside the tables in use and compares both, as `npm run verify` does. While a ' +
      'comparison is in progress, returns that one; within a minute after the last one, is answered 429.',
    responses: {
      202: { description: 'The comparison is requested.', headers: ['Location', 'Cache-Control'], content },
    },
    problems,
  },
} as const satisfies Record<string, EndpointDocs>;

/** Routes of the proof that the table matches the log, which a projector gives. */
export function verificationRoutes(deps: ApiDeps): readonly Route[] {
  const admin = requireScope('admin', { acrossTenants: true });
  return [
    {
      path: '/api/verification',
      get: { docs: verificationDocs.read, handlers: [admin, withinDeadline(readVerifications(deps))] },
      post: {
        docs: verificationDocs.request,
        handlers: [admin, withinDeadline(requestVerification(deps))],
        audit: { action: 'verification.request', required: true },
      },
    },
  ];
}

function readVerifications({ verifications }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    const { unfinished, last } = await verifications.read();
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 200, { current: unfinished && verificationView(unfinished), last: last && verificationView(last) });
  };
}

function requestVerification({ verifications }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const requested = await verifications.request(callerOf(res).actor);
    if ('retryAfterS' in requested) throw tooSoon(requested.retryAfterS);
    nameSubject(res, requested.id);
    const { last } = await verifications.read();
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('Location', req.path);
    sendJson(res, 202, { current: verificationView(requested), last: last && verificationView(last) });
  };
}

function tooSoon(seconds: number): Problem {
  return new Problem('rate-limited', {
    detail: 'the table was compared with the log a moment ago',
    headers: { 'Retry-After': String(seconds) },
  });
}
