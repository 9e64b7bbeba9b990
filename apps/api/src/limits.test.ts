import type { Request, Response } from 'express';
import type { AuditRecord } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import { expect, test, vi } from 'vitest';
import { audited } from './audit/auditedChange.ts';
import { startSession } from './auth/sessionCookie.ts';
import { bodyDecoder, findJsonFaults } from './http/parsing/decodeBody.ts';
import { shortPointer } from './http/parsing/jsonPointer.ts';
import { findSourceFaults } from './http/parsing/sourceFaults.ts';
import { checkBatch, decodeBatch } from './jobs/create/batchRequest.ts';
import { changedPaths } from './jobs/operations/payloads/payloadChange.ts';
import { CheckBudget } from './payloads/checkBudget.ts';
import { PayloadSchema } from './payloads/payloadSchema.ts';
import { Problem } from './problems/problem.ts';

const list = <Item>(length: number, item: (index: number) => Item) => Array.from({ length }, (_, index) => item(index));
const numbered = (length: number) => Object.fromEntries(list(length, (index) => [`f${index}`, index]));

/** How many mistakes a refusal names. */
function namedBy(work: () => unknown): number {
  try {
    work();
    return 0;
  } catch (error) {
    if (error instanceof Problem) return error.errors?.length ?? 0;
    throw error;
  }
}

const texts = bodyDecoder(Schema.Record(Schema.String, Schema.String));
const batchOf = (jobs: readonly object[]) =>
  ({ body: { jobs }, headers: { 'content-length': '1' } }) as unknown as Request;
const warned = ({ place = '' }: { readonly place?: string }) => ({
  errors: [],
  warnings: [{ code: 'payload-mismatch' as const, pointer: place, detail: 'wrong' }],
});

/** A payload, or a schema, in which so many objects are nested. */
const nested = (depth: number, inner: (value: object) => object): object =>
  depth <= 1 ? {} : inner(nested(depth - 1, inner));

function isUsable(schema: object): boolean {
  return new PayloadSchema(schema).ignored === undefined;
}

function mistakesIn(count: number): number {
  vi.spyOn(performance, 'now').mockReturnValue(1); // a check may take some time only
  const properties = Object.fromEntries(list(count, (index) => [`f${index}`, { type: 'string' }]));
  return new PayloadSchema({ properties }).check(numbered(count), new CheckBudget()).length;
}

function warningsOf(count: number): number {
  const jobs = list(count, () => ({ type: 'email' }));
  return checkBatch(jobs, undefined, { check: warned }).warnings.length;
}

/** What the audit log gets of a change with this body. */
async function recordOf(body: object): Promise<AuditRecord> {
  let record: AuditRecord | undefined;
  const trail = { begin: async (begun: AuditRecord) => void (record = begun), finish: () => {} };
  const app = { locals: { audit: { trail, clock: Date } } };
  const res = { locals: { caller: { actor: { kind: 'user', id: 'test' } } } } as unknown as Response;
  const change = { action: 'type.change', details: ({ changed }: { readonly changed: unknown }) => changed };
  await audited(change as never, () => {})({ app, body, params: {} } as unknown as Request, res, () => {});
  if (record === undefined) throw new Error('nothing was recorded');
  return record;
}

function startsSession(bytes: number): boolean {
  const res = { cookie: () => {} } as unknown as Response;
  try {
    startSession({ secure: false } as Request, res, 'x'.repeat(bytes - 'jobstream'.length));
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** The value of which a mistake says that it must be that. */
function valueShown(length: number): number {
  const schema = { const: `${'x'.repeat(length - '"" '.length)} ` };
  const [mistake] = new PayloadSchema(schema).check({}, new CheckBudget());
  return mistake?.detail.slice('must be '.length).length ?? 0;
}

test.each<[what: string, limit: number, accepts: (size: number) => boolean | Promise<boolean>]>([
  ['the nesting of a payload', 64, (size) => findJsonFaults(nested(size, (inner) => [inner])).length === 0],
  ['the nesting of a schema', 32, (size) => isUsable(nested(size, (items) => ({ items })))],
  ['the subschemas of a schema', 2_000, (size) => isUsable({ anyOf: list(size - 1, () => ({})) })],
  ['the characters of a schema', 65_536, (size) => isUsable({ title: 'x'.repeat(size - '{"title":""}'.length) })],
  ['the characters of a pointer', 500, (size) => shortPointer(['x'.repeat(size - 1)]) !== ''],
  ['the bytes of the cookie of a session', 4_096, startsSession],
  [
    'the details of a change in the audit log',
    4_000,
    async (size) => typeof (await recordOf({ changed: 'x'.repeat(size - '""'.length) })).details === 'string',
  ],
  [
    'the reason of a change in the audit log',
    1_000,
    async (size) => (await recordOf({ reason: 'x'.repeat(size) })).reason?.length === size,
  ],
])('%s: %i are accepted, and not one more', async (_what, limit, accepts) => {
  expect([await accepts(limit), await accepts(limit + 1)]).toEqual([true, false]);
});

test.each<[what: string, limit: number, named: (size: number) => number]>([
  ['mistakes in a body', 50, (size) => namedBy(() => texts(numbered(size)))],
  ['mistakes in a batch', 50, (size) => namedBy(() => decodeBatch(batchOf(list(size, () => ({ type: 1 }))), 0))],
  ['warnings of a batch', 20, warningsOf],
  ['values that JSON cannot hold', 20, (size) => findJsonFaults(list(size, () => Infinity)).length],
  [
    'numbers with too many digits',
    20,
    (size) => findSourceFaults(`[${list(size, () => '9'.repeat(17)).join(',')}]`).numbers.length,
  ],
  ['mistakes in a payload', 20, mistakesIn],
  ['the characters of a value that a payload must be', 200, valueShown],
  ['fields of a patch', 100, (size) => changedPaths({ patch: numbered(size) }).length],
])('of all %s the first %i are named', (_what, limit, named) => {
  expect([named(limit - 1), named(limit), named(limit + 1)]).toEqual([limit - 1, limit, limit]);
});
