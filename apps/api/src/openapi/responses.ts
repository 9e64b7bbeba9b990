import type { Requirement } from '../auth/requireScope.ts';
import { ProblemBody, problemUrn } from '../http/handleError.ts';
import { type ProblemCode, problemType } from '../problems/problemTypes.ts';
import type { ResponseHeader } from '../routes/headers.ts';
import type { EndpointDocs, DocumentedResponse } from '../routes/endpointDocs.ts';
import { type Components, mediaTypes } from './components.ts';

/** Problems of any request. */
const problemsOfAll: readonly ProblemCode[] = [
  'malformed-request',
  'request-timeout',
  'expectation-failed',
  'headers-too-large',
  'internal-error',
];
const OF_ALL: readonly ResponseHeader[] = ['X-Request-Id'];
const OF_GUARDED: readonly ResponseHeader[] = ['RateLimit', 'RateLimit-Policy'];
const OF_CHANGES: readonly ResponseHeader[] = ['Jobstream-Position'];
const OF_STATUS: Readonly<Record<number, readonly ResponseHeader[]>> = {
  401: ['WWW-Authenticate'],
  403: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

interface Kind {
  readonly requirement: Requirement;
  /** Whether the endpoint may change something. */
  readonly changes: boolean;
}

/** Describes all responses of an endpoint by status; `default` is what the server itself rejects. */
export function responses(docs: EndpointDocs, { requirement, changes }: Kind, components: Components): object {
  const usual = requirement.scope === 'none' ? OF_ALL : [...OF_ALL, ...OF_GUARDED];
  const ofSuccess = changes ? [...usual, ...OF_CHANGES] : usual;
  const byStatus = Object.groupBy(problemsOf(docs, requirement), (code) => problemType(code).status);
  const refusals = Object.entries(byStatus).map(([status, codes = []]) => {
    return [status, refusal(codes, [...usual, ...(OF_STATUS[Number(status)] ?? [])], components)] as const;
  });
  const answers = Object.entries(docs.responses).map(([status, answer]) => [
    status,
    success(answer, ofSuccess, components),
  ]);
  return { ...Object.fromEntries([...answers, ...refusals]), default: refusal(problemsOfAll, [], components) };
}

function success(
  { description, headers = [], content }: DocumentedResponse,
  usual: readonly ResponseHeader[],
  components: Components,
): object {
  const bodies = content && { content: mediaTypes(content, (schema) => components.schemas.ofResponse(schema)) };
  return { description, headers: references([...usual, ...headers]), ...bodies };
}

function refusal(codes: readonly ProblemCode[], headers: readonly ResponseHeader[], components: Components): object {
  const type = { enum: codes.map(problemUrn) };
  const schema = { allOf: [components.schemas.ofResponse(ProblemBody), { properties: { type } }] };
  const examples = Object.fromEntries(codes.map((code) => [code, components.example(code)]));
  const name = headers.includes('RateLimit') ? codes : [...codes, 'unlimited'];
  return components.response(name.join('.'), {
    description: codes.map((code) => `\`${code}\`: ${problemType(code).title}.`).join(' '),
    headers: references(headers),
    content: { 'application/problem+json': { schema, examples } },
  });
}

function references(headers: readonly ResponseHeader[]): object {
  return Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** The problems of an endpoint: its own, and those that follow from its parameters, body and requirement. */
function problemsOf(docs: EndpointDocs, requirement: Requirement): readonly ProblemCode[] {
  const { problems = [], path, query, body, headers = [] } = docs;
  const all = [
    ...accessProblems(requirement),
    ...(path === undefined ? [] : (['malformed-request'] as const)), // an invalid percent-encoding
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
