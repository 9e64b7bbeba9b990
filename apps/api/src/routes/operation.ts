import type { Schema } from 'effect';
import type { ProblemCode } from '../problems/problemTypes.ts';
import type { RequestHeader, ResponseHeader } from './headers.ts';

/** The chapters of the document, in its order. */
export const tags = {
  jobs: 'Create, read and change jobs.',
  'many jobs': 'Create and change many jobs at once.',
  events: 'The history of jobs, and live feeds.',
  schedules: 'Recurring jobs.',
  'job types': 'Pause and resume job types.',
  keys: 'API keys, for administrators.',
  operations: 'For operators of the system.',
} as const;

/**
 * What the OpenAPI document says about one method of one path. What it can be told from the handlers it is not told
 * again: who may call, and the problems that follow from that, from a body and from parameters.
 */
export interface Operation {
  /** The name that generated clients give to it. */
  readonly id: string;
  readonly tag: Tag;
  /** A few words in the imperative. */
  readonly summary: string;
  /** In Markdown. */
  readonly description?: string;
  /** A struct with a field for each `:name` in the path. */
  readonly path?: Schema.Constraint;
  /** The struct that decodes the query. */
  readonly query?: Schema.Constraint;
  readonly headers?: readonly RequestHeader[];
  readonly body?: RequestBody;
  /** The answers that are no problems, by their status. */
  readonly responses: Readonly<Record<number, OperationResponse>>;
  /** The kinds of problem that are this operation's own. */
  readonly problems?: readonly ProblemCode[];
}

export interface RequestBody {
  readonly required: boolean;
  readonly content: Readonly<Record<string, Content>>;
}

export interface OperationResponse {
  readonly description: string;
  readonly headers?: readonly ResponseHeader[];
  /** What there is under which media type; an answer without has no body. */
  readonly content?: Readonly<Record<string, Content>>;
}

export interface Content {
  /** Of the whole body. */
  readonly schema?: Schema.Constraint;
  /** Of each line of NDJSON, and of the data of each event of a stream. */
  readonly item?: Schema.Constraint;
  readonly examples?: Readonly<Record<string, unknown>>;
}

/** A body of `application/json`. */
export function jsonContent(
  schema: Schema.Constraint,
  examples?: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Content>> {
  return { 'application/json': { schema, ...(examples === undefined ? {} : { examples }) } };
}

type Tag = keyof typeof tags;
