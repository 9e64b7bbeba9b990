/** One mistake in a request: where it is, and what should be there instead. */
export type FieldError =
  | { readonly pointer: string; readonly detail: string }
  | { readonly parameter: string; readonly detail: string }
  | { readonly header: string; readonly detail: string };

/** Why the API refuses a request, as RFC 9457 has it. */
export interface Problem {
  /** `urn:jobstream:problem:` and a code such as `illegal-transition`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly errors?: readonly FieldError[];
  readonly requestId?: string;
}

const TYPE_PREFIX = 'urn:jobstream:problem:';

/** The problem in the text of an answer; undefined when it is something else, such as the page of a proxy. */
export function parseProblem(text: string): Problem | undefined {
  try {
    const body = JSON.parse(text) as Partial<Problem> | null;
    return typeof body?.type === 'string' && body.type.startsWith(TYPE_PREFIX) ? (body as Problem) : undefined;
  } catch {
    return undefined;
  }
}

/** `illegal-transition` of `urn:jobstream:problem:illegal-transition`. */
export function problemCode({ type }: Problem): string {
  return type.slice(TYPE_PREFIX.length);
}
