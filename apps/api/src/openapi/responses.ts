import type { Requirement } from '../auth/needs.ts';
import { ProblemBody, problemUrn } from '../problems/problemBody.ts';
import { problemType, type ProblemCode } from '../problems/problemTypes.ts';
import type { AnswerHeader } from './answerHeaders.ts';
import type { Components } from './components.ts';
import { mediaTypes } from './mediaTypes.ts';
import type { Answer, Operation } from './operation.ts';
import { problemsOf, problemsOfAll } from './problemsOf.ts';

const OF_ALL: readonly AnswerHeader[] = ['X-Request-Id'];
const OF_GUARDED: readonly AnswerHeader[] = ['RateLimit', 'RateLimit-Policy'];
const OF_STATUS: Readonly<Record<number, readonly AnswerHeader[]>> = {
  401: ['WWW-Authenticate'],
  403: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** Everything that an operation may answer, by status; `default` is what the server itself refuses. */
export function responses(operation: Operation, requirement: Requirement, components: Components): object {
  const usual = requirement.scope === 'none' ? OF_ALL : [...OF_ALL, ...OF_GUARDED];
  const byStatus = Object.groupBy(problemsOf(operation, requirement), (code) => problemType(code).status);
  const refusals = Object.entries(byStatus).map(([status, codes = []]) => {
    return [status, refusal(codes, [...usual, ...(OF_STATUS[Number(status)] ?? [])], components)] as const;
  });
  const answers = Object.entries(operation.answers).map(([status, answer]) => [
    status,
    success(answer, usual, components),
  ]);
  return { ...Object.fromEntries([...answers, ...refusals]), default: refusal(problemsOfAll, [], components) };
}

function success(
  { description, headers = [], content }: Answer,
  usual: readonly AnswerHeader[],
  components: Components,
): object {
  const bodies = content && { content: mediaTypes(content, (schema) => components.schemas.ofAnswer(schema)) };
  return { description, headers: references([...usual, ...headers]), ...bodies };
}

function refusal(codes: readonly ProblemCode[], headers: readonly AnswerHeader[], components: Components): object {
  const type = { enum: codes.map(problemUrn) };
  const schema = { allOf: [components.schemas.ofAnswer(ProblemBody), { properties: { type } }] };
  const examples = Object.fromEntries(codes.map((code) => [code, components.example(code)]));
  const name = headers.includes('RateLimit') ? codes : [...codes, 'unlimited'];
  return components.response(name.join('.'), {
    description: codes.map((code) => `\`${code}\`: ${problemType(code).title}.`).join(' '),
    headers: references(headers),
    content: { 'application/problem+json': { schema, examples } },
  });
}

function references(headers: readonly AnswerHeader[]): object {
  return Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
