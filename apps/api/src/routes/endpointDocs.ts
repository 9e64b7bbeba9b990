import type * as Schema from 'effect/Schema';
import type { ProblemCode } from '../problems/problemTypes.ts';
import type { RequestHeader, ResponseHeader } from './headers.ts';

/** The tags of the document, in order. */
export const tags = {
  jobs: 'Create, read and change jobs.',
  'many jobs': 'Create and change many jobs at once.',
  events: 'The history of jobs, and live feeds.',
  schedules: 'Recurring jobs.',
  'job types': 'What workers have announced; pause and resume job types.',
  workers: 'The worker processes.',
  keys: 'API keys, for administrators.',
  operations: 'For operators of the system.',
} as const;

/**
 * The OpenAPI description of one method of one path.
 *
 * What follows from the handlers is not repeated: the required scope, and the problems of authentication, bodies and
 * parameters.
 */
export interface EndpointDocs {
  /** The method name in generated clients. */
  readonly id: string;
  readonly tag: Tag;
  /** A short imperative phrase. */
  readonly summary: string;
  /** In Markdown. */
  readonly description?: string;
  /** A struct with a field for each `:name` of the path. */
  readonly path?: Schema.Constraint;
  /** The struct that decodes the query. */
  readonly query?: Schema.Constraint;
  readonly headers?: readonly RequestHeader[];
  readonly body?: RequestBody;
  /** The successful responses by status. */
  readonly responses: Readonly<Record<number, DocumentedResponse>>;
  /** Problem types that are specific to this endpoint. */
  readonly problems?: readonly ProblemCode[];
}

interface RequestBody {
  readonly required: boolean;
  readonly content: Readonly<Record<string, Content>>;
}

export interface DocumentedResponse {
  readonly description: string;
  readonly headers?: readonly ResponseHeader[];
  /** Bodies by media type; without it, the response has no body. */
  readonly content?: Readonly<Record<string, Content>>;
}

export interface Content {
  /** The schema of the whole body. */
  readonly schema?: Schema.Constraint;
  /** The schema of each line of NDJSON, or of the data of each event of a stream. */
  readonly item?: Schema.Constraint;
  readonly examples?: Readonly<Record<string, unknown>>;
}

/** Describes a body of `application/json`. */
export function jsonContent(
  schema: Schema.Constraint,
  examples?: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Content>> {
  return { 'application/json': { schema, ...(examples === undefined ? {} : { examples }) } };
}

/** Describes a JSON body that is read from the table, with the headers of a route that is `ofTable`. */
export function tableResponse(description: string, schema: Schema.Constraint): DocumentedResponse {
  return { description, headers: ['Cache-Control', 'Jobstream-Table-Lag'], content: jsonContent(schema) };
}

type Tag = keyof typeof tags;
