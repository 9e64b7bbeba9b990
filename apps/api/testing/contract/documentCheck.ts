import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { type Exchange, itemsOf } from './exchange.ts';
import { type DocumentedContent, type DocumentedOperation, type OpenApi, operationsOf } from './openApi.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Validates responses against the document, and more strictly: undocumented fields are faults. */
export class DocumentCheck {
  readonly operations: readonly DocumentedOperation[];
  readonly #document: OpenApi;
  readonly #ajv: Ajv2020;
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApi) {
    this.#document = closed(document) as OpenApi;
    this.operations = operationsOf(this.#document);
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ $id: 'openapi', components: this.#document.components });
  }

  /** Returns the faults of a response; empty if it is as documented. */
  faults(operation: DocumentedOperation, exchange: Exchange): readonly string[] {
    const { status, headers, type } = exchange;
    const documented = operation.responses[String(status)] ?? operation.responses['default'];
    if (documented === undefined) return [`${status} is not documented`];
    const missing = Object.entries(documented.headers ?? {}).flatMap(([name, { $ref }]) =>
      this.#headerFaults(name, headers.get(name), $ref),
    );
    const { content = {} } = documented;
    if (type === undefined) return Object.keys(content).length === 0 ? missing : [...missing, 'there is no body'];
    const body = content[type];
    return body === undefined
      ? [...missing, `${type} is not documented`]
      : [...missing, ...this.#bodyFaults(body, exchange)];
  }

  /** Returns the faults of a value by a schema of the document. */
  valueFaults(schema: JsonSchema, value: unknown): readonly string[] {
    const key = JSON.stringify(schema);
    const validate = this.#validators.get(key) ?? this.#ajv.compile(absolute(schema) as JsonSchema);
    this.#validators.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      return `${instancePath || 'the body'} ${message ?? ''} ${JSON.stringify(params)}`;
    });
  }

  #headerFaults(name: string, value: string | null, reference: string): readonly string[] {
    const header = this.#document.components['headers']?.[reference.split('/').at(-1) ?? ''];
    if (header === undefined) return [`${reference} is not there`];
    if (value === null) return header['required'] === true ? [`the header ${name} is missing`] : [];
    return this.valueFaults(header['schema'] as JsonSchema, value).map((fault) => `${name}: ${fault}`);
  }

  #bodyFaults({ schema, 'x-item-schema': item }: DocumentedContent, { type, text }: Exchange): readonly string[] {
    if (item !== undefined) return itemsOf(text).flatMap((value) => this.valueFaults(item, value));
    return this.valueFaults(schema, type?.endsWith('json') === true ? JSON.parse(text) : text);
  }
}

function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const parts = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const open = parts['type'] === 'object' && parts['properties'] !== undefined && !('additionalProperties' in parts);
  return open ? { ...parts, additionalProperties: false } : parts;
}

function absolute(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(absolute);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, key === '$ref' ? `openapi${String(value)}` : absolute(value)]),
  );
}
