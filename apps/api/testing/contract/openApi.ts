import { readFileSync } from 'node:fs';

type JsonSchema = Readonly<Record<string, unknown>>;

export interface DocumentedContent {
  readonly schema: JsonSchema;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
  /** Of the items of a stream. */
  readonly 'x-item-schema'?: JsonSchema;
}

interface DocumentedResponse {
  readonly headers?: Readonly<Record<string, { readonly $ref: string }>>;
  readonly content?: Readonly<Record<string, DocumentedContent>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: JsonSchema;
}

export interface DocumentedOperation {
  readonly id: string;
  readonly method: string;
  /** As the document writes it: `/api/jobs/{id}`. */
  readonly path: string;
  /** Undefined for what is for everybody. */
  readonly scope: string | undefined;
  readonly acrossTenants: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: Readonly<Record<string, DocumentedContent>> | undefined;
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}

interface OperationObject {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, DocumentedContent>> };
  readonly responses: Readonly<Record<string, DocumentedResponse | { readonly $ref: string }>>;
  readonly security: readonly { readonly apiKey?: readonly string[] }[];
  readonly 'x-across-tenants'?: true;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
}

/** The document as it is committed; a test keeps it equal to what is served. */
export function readOpenApi(): OpenApi {
  const file = new URL('../../../../docs/openapi.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as OpenApi;
}

/** Every operation of a document. */
export function operationsOf(document: OpenApi): readonly DocumentedOperation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      scope: operation.security[0]?.apiKey?.[0],
      acrossTenants: operation['x-across-tenants'] === true,
      parameters: operation.parameters,
      body: operation.requestBody?.content,
      responses: resolved(operation.responses, document),
    })),
  );
}

function resolved(responses: OperationObject['responses'], { components }: OpenApi): DocumentedOperation['responses'] {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      '$ref' in response ? (components['responses']?.[response.$ref.split('/').at(-1) ?? ''] ?? {}) : response,
    ]),
  );
}
