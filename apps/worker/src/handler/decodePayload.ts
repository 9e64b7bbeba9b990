import { Schema, SchemaIssue } from 'effect';
import { InvalidPayloadError } from './invalidPayloadError.ts';

const PROBLEMS_SHOWN = 20;
const format = SchemaIssue.makeFormatterStandardSchemaV1();

/** A function that reads a payload by its schema, or throws an InvalidPayloadError that names all mistakes. */
export function decodePayload<Payload>(schema: Schema.Decoder<Payload>): (raw: unknown) => Payload {
  const decode = Schema.decodeUnknownResult(schema, { errors: 'all' });
  return (raw) => {
    const result = decode(raw);
    if (result._tag === 'Success') return result.success;
    throw new InvalidPayloadError(problemsOf(result.failure.issue));
  };
}

function problemsOf(issue: SchemaIssue.Issue): string[] {
  return format(issue)
    .issues.slice(0, PROBLEMS_SHOWN)
    .map(({ path = [], message }) => `${pathText(path)}: ${message}`);
}

/** `payload.to[0]` */
function pathText(path: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
  return keys.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    'payload',
  );
}
