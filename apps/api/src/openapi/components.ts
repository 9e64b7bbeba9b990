import type * as Schema from 'effect/Schema';
import { problemBody } from '../http/handleError.ts';
import { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problemTypes.ts';
import type { Content } from '../routes/endpointDocs.ts';
import { type JsonSchema, JsonSchemas } from './jsonSchemas.ts';

const REQUEST_ID = 'f01f572b-da83-4509-b250-71af77de2722';

/** The components that endpoints of the document share. */
export class Components {
  readonly schemas = new JsonSchemas();
  readonly responses: Record<string, object> = {};
  readonly examples: Record<string, object> = {};

  /** Adds a response and returns a reference to it; a name stands for one response. */
  response(name: string, response: object): object {
    const known = this.responses[name] ?? response;
    if (JSON.stringify(known) !== JSON.stringify(response)) throw new Error(`two responses are named ${name}`);
    this.responses[name] = known;
    return { $ref: `#/components/responses/${name}` };
  }

  /** Adds an example of a problem and returns a reference to it. */
  example(code: ProblemCode): object {
    this.examples[code] = { value: problemBody(new Problem(code), { requestId: REQUEST_ID }) };
    return { $ref: `#/components/examples/${code}` };
  }
}

/** Converts bodies by media type. OpenAPI 3.1 cannot describe the items of a stream, hence an extension. */
export function mediaTypes(
  content: Readonly<Record<string, Content>>,
  schemaOf: (schema: Schema.Constraint) => JsonSchema,
): object {
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, item, examples }]) => [
      type,
      {
        schema: schema === undefined ? { type: 'string' } : schemaOf(schema),
        ...(item === undefined ? {} : { 'x-item-schema': schemaOf(item) }),
        ...(examples === undefined ? {} : { examples: named(examples) }),
      },
    ]),
  );
}

function named(examples: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
}
