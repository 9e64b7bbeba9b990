import type { CreateJobRequest } from '@jobstream/creation';
import type { Request } from 'express';
import { invalidRequest } from '../../http/parsing/decodeBody.ts';
import { CheckBudget } from '../../payloads/checkBudget.ts';
import type { PayloadChecks, PayloadVerdict } from '../../payloads/payloadChecks.ts';
import type { PayloadWarning } from '../../payloads/payloadWarning.ts';
import { type FieldError, Problem } from '../../problems/problem.ts';
import { decodeCreateJob, limitPayload } from './createJobRequest.ts';

/** The limit of an atomic batch of the NATS server. */
export const MAX_BATCH_JOBS = 1_000;
/** Large enough for 1,000 jobs of 8 KB. */
export const MAX_BATCH_BYTES = 8 * 1_024 * 1_024;

/** A batch can have very many mistakes; the response need not list them all. */
const MAX_ERRORS = 50;
const MAX_WARNINGS = 20;
/** A job has eleven fields. Thousands of unknown ones must not each be inspected. */
const MAX_FIELDS = 32;

/**
 * Decodes the jobs of a batch.
 *
 * @throws Problem `invalid-request` with the mistakes of all jobs, at most fifty.
 */
export function decodeBatch(req: Request, now: number): readonly CreateJobRequest[] {
  const errors: FieldError[] = [];
  const requests: CreateJobRequest[] = [];
  for (const [index, body] of jobsIn(req.body).entries()) {
    const outcome = decodeOne(body, index, now);
    if ('errors' in outcome) errors.push(...outcome.errors);
    else requests.push(outcome.request);
    if (errors.length >= MAX_ERRORS) break;
  }
  if (errors.length > 0) throw invalidRequest(errors.slice(0, MAX_ERRORS));
  limitMessages(requests);
  const bytes = Number(req.headers['content-length']);
  for (const [index, { payload }] of requests.entries()) limitPayload(bytes, payload, `/jobs/${index}/payload`);
  return requests;
}

/** Checks the payloads of a batch. An unknown type is mentioned once, whatever the number of its jobs. */
export function checkBatch(
  requests: readonly CreateJobRequest[],
  tenant: string | undefined,
  payloads: Pick<PayloadChecks, 'check'>,
): PayloadVerdict {
  const [errors, warnings]: [FieldError[], Map<string, PayloadWarning>] = [[], new Map()];
  const budget = new CheckBudget();
  for (const [index, { type, payload }] of requests.entries()) {
    const found = payloads.check({ type, payload, tenant, place: `/jobs/${index}`, isNew: true }, budget);
    errors.push(...found.errors);
    for (const warning of found.warnings) {
      const key = warning.code === 'unknown-type' ? type : warning.pointer;
      if (warnings.size < MAX_WARNINGS && !warnings.has(key)) warnings.set(key, warning);
    }
    if (errors.length >= MAX_ERRORS) break;
  }
  return { errors: errors.slice(0, MAX_ERRORS), warnings: [...warnings.values()] };
}

function jobsIn(body: unknown): readonly unknown[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw mistake('', 'must be an object');
  const { jobs, ...others } = body as { readonly jobs?: unknown };
  const [unknownField] = Object.keys(others);
  if (unknownField !== undefined) throw mistake(`/${unknownField.slice(0, 100)}`, 'is not known here');
  if (!Array.isArray(jobs)) throw mistake('/jobs', jobs === undefined ? 'is required' : 'must be an array');
  if (jobs.length < 1 || jobs.length > MAX_BATCH_JOBS) throw mistake('/jobs', `must have 1 to ${MAX_BATCH_JOBS} jobs`);
  return jobs;
}

/** The claim of a unique key is a message of the batch as well. */
function limitMessages(requests: readonly CreateJobRequest[]): void {
  const messages = requests.length + requests.filter(({ unique }) => unique !== undefined).length;
  if (messages > MAX_BATCH_JOBS)
    throw mistake('/jobs', `must have at most ${MAX_BATCH_JOBS} jobs, of which a unique one counts as two`);
}

function decodeOne(
  body: unknown,
  index: number,
  now: number,
): { readonly request: CreateJobRequest } | { readonly errors: readonly FieldError[] } {
  const place = `/jobs/${index}`;
  if (hasTooManyFields(body)) return { errors: [{ pointer: place, detail: `must have at most ${MAX_FIELDS} fields` }] };
  try {
    return { request: decodeCreateJob(body, now) };
  } catch (error) {
    if (!(error instanceof Problem) || error.errors === undefined) throw error;
    return { errors: error.errors.map((one) => within(place, one)) };
  }
}

function within(place: string, error: FieldError): FieldError {
  return 'pointer' in error ? { pointer: place + error.pointer, detail: error.detail } : error;
}

function hasTooManyFields(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.keys(body).length > MAX_FIELDS;
}

function mistake(pointer: string, detail: string): Problem {
  return invalidRequest([{ pointer, detail }]);
}
