import { Actor, Tenant, Timestamp } from '@jobstream/domain';
import { Instant } from '@jobstream/creation';
import { type AuditRecord, auditOutcomes } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { DEFAULT_LIMIT, Limit, queryDecoder } from '../http/parsing/decodeQuery.ts';
import { linkToNext, orInvalidCursor } from '../http/pages.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { jsonContent, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';

const Outcome = Schema.Literals(auditOutcomes);
const Text = Schema.String.check(Schema.isBetweenLength(1, 1_000));

/** One change as administrators see it. */
const AuditRecordView = Schema.Struct({
  id: Schema.String,
  at: Timestamp,
  actor: Actor,
  tenant: Schema.optionalKey(Tenant).annotateKey({ description: 'That of the caller.' }),
  action: Schema.String.annotateKey({ description: 'Such as `job.cancel`, `jobs.retry`, `key.create`.' }),
  subject: Schema.Struct({ kind: Schema.String, id: Schema.optionalKey(Schema.String) }).annotateKey({
    description: 'What was changed.',
  }),
  reason: Schema.optionalKey(Schema.String),
  requestId: Schema.optionalKey(Schema.String).annotateKey({
    description: 'In events of jobs and schedules it is the `correlationId`, in logs the `requestId`.',
  }),
  details: Schema.optionalKey(Schema.Unknown).annotateKey({ description: 'What else the request said.' }),
  outcome: Outcome.annotateKey({
    description: '`unknown` while the change is made, and when its response was a 5xx or was never sent.',
  }),
  problem: Schema.optionalKey(Schema.String).annotateKey({ description: 'Why it was refused, or a 5xx.' }),
}).annotate({ identifier: 'AuditRecord' });

const AuditPage = Schema.Struct({
  items: Schema.Array(AuditRecordView),
  nextCursor: Schema.NullOr(Schema.String).annotateKey({ description: '`null` on the last page.' }),
}).annotate({ identifier: 'AuditPage' });

const AuditQuery = Schema.Struct({
  actor: Schema.optionalKey(Text).annotateKey({ description: 'The id of the key, or the subject of the token.' }),
  action: Schema.optionalKey(Text),
  subjectKind: Schema.optionalKey(Text),
  subjectId: Schema.optionalKey(Text),
  outcome: Schema.optionalKey(Outcome),
  from: Schema.optionalKey(Instant).annotateKey({ description: 'At this time or later.' }),
  to: Schema.optionalKey(Instant).annotateKey({ description: 'Before this time.' }),
  limit: Schema.optionalKey(Limit).annotateKey({ description: 'The page size.' }),
  cursor: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 200))).annotateKey({
    description: 'The `nextCursor` of an earlier page.',
  }),
});

const decode = queryDecoder(AuditQuery);

const listAuditDocs: EndpointDocs = {
  id: 'listAudit',
  tag: 'operations',
  summary: 'List who changed what, newest first',
  description:
    'Changes over this API: of jobs, schedules, job types, keys and operations. The creation of jobs is not recorded, but for imports.',
  query: AuditQuery,
  responses: {
    200: { description: 'A page of records.', headers: ['Link', 'Cache-Control'], content: jsonContent(AuditPage) },
  },
  problems: ['table-unavailable', 'deadline-exceeded'],
};

/** The route of the audit log. */
export function auditRoutes(deps: ApiDeps): readonly Route[] {
  const handlers = [requireScope('admin'), withinDeadline(listAudit(deps))];
  return [{ path: '/api/audit', get: { docs: listAuditDocs, handlers } }];
}

/** `GET /api/audit`: a caller with a tenant sees what callers of the tenant did. */
function listAudit({ auditLog }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const query = { limit: DEFAULT_LIMIT, ...decode(req.query), tenant: callerOf(res).tenant };
    const { items, nextCursor } = await auditLog.list(query).catch(orInvalidCursor());
    linkToNext(req, res, nextCursor);
    res.setHeader('Cache-Control', 'private, no-store');
    sendJson(res, 200, { items: items.map(auditRecordView), nextCursor });
  };
}

function auditRecordView(record: AuditRecord): BodyOf<typeof AuditRecordView> {
  const { id, at, actor, tenant, action, subjectKind, subjectId, reason, requestId, details, outcome, problem } =
    record;
  const subject = { kind: subjectKind, id: subjectId };
  return { id, at, actor, tenant, action, subject, reason, requestId, details, outcome, problem };
}
