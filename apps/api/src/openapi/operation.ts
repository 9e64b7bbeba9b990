import type { Schema } from 'effect';
import type { ProblemCode } from '../problems/problemTypes.ts';
import type { AnswerHeader } from './answerHeaders.ts';
import type { RequestHeader } from './requestHeaders.ts';
import type { Tag } from './tags.ts';

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
  readonly answers: Readonly<Record<number, Answer>>;
  /** The kinds of problem that are this operation's own. */
  readonly problems?: readonly ProblemCode[];
}

export interface RequestBody {
  readonly required: boolean;
  readonly content: Readonly<Record<string, Content>>;
}

export interface Answer {
  readonly description: string;
  readonly headers?: readonly AnswerHeader[];
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
