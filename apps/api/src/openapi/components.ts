import { Problem } from '../problems/problem.ts';
import { problemBody } from '../problems/problemBody.ts';
import type { ProblemCode } from '../problems/problemTypes.ts';
import { JsonSchemas } from './jsonSchemas.ts';

const REQUEST_ID = 'f01f572b-da83-4509-b250-71af77de2722';

/** What several operations have in common, said once. */
export class Components {
  readonly schemas = new JsonSchemas();
  readonly responses: Record<string, object> = {};
  readonly examples: Record<string, object> = {};

  /** A reference to a response; the same name always means the same response. */
  response(name: string, response: object): object {
    const known = this.responses[name] ?? response;
    if (JSON.stringify(known) !== JSON.stringify(response)) throw new Error(`two responses are named ${name}`);
    this.responses[name] = known;
    return { $ref: `#/components/responses/${name}` };
  }

  /** A reference to an example of a problem. */
  example(code: ProblemCode): object {
    this.examples[code] = { value: problemBody(new Problem(code), { requestId: REQUEST_ID }) };
    return { $ref: `#/components/examples/${code}` };
  }
}
