import type { Requirement } from '../auth/needs.ts';
import type { ProblemCode } from '../problems/problemTypes.ts';
import type { Operation } from './operation.ts';

/** What any request may be told, whatever it asks for. */
export const problemsOfAll: readonly ProblemCode[] = [
  'malformed-request',
  'request-timeout',
  'headers-too-large',
  'internal-error',
];

/** How an operation may refuse a request: what it says itself, and what follows from what it takes and needs. */
export function problemsOf(operation: Operation, requirement: Requirement): readonly ProblemCode[] {
  const { problems = [], path, query, body, headers = [] } = operation;
  const all = [
    ...accessProblems(requirement),
    ...(path === undefined ? [] : (['malformed-request'] as const)), // what does not decode
    ...(query === undefined ? [] : (['invalid-parameter'] as const)),
    ...(headers.includes('Idempotency-Key') || headers.includes('Last-Event-ID') ? (['invalid-header'] as const) : []),
    ...bodyProblems(body?.content ?? {}),
    ...problems,
  ];
  return [...new Set<ProblemCode>(all)];
}

function accessProblems({ scope, acrossTenants }: Requirement): readonly ProblemCode[] {
  if (scope === 'none') return ['foreign-request'];
  return [
    'credentials-required',
    'credentials-refused',
    'insufficient-scope',
    ...(acrossTenants ? (['not-for-tenants'] as const) : []),
    'foreign-request',
    'rate-limited',
    'credentials-unverifiable',
  ];
}

function bodyProblems(content: object): readonly ProblemCode[] {
  if ('application/json' in content) {
    return ['malformed-json', 'payload-too-large', 'unsupported-media-type', 'invalid-request'];
  }
  return Object.keys(content).length > 0 ? ['unsupported-media-type'] : [];
}
