import type { DocumentCheck } from './documentCheck.ts';
import { type Exchange, itemsOf } from './exchange.ts';
import type { DocumentedContent, DocumentedOperation, OpenApi } from './openApi.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

const FIRST_OF_PROBLEMS = 400;

interface Part {
  readonly place: string;
  readonly schema: JsonSchema;
}

/** Collects which of the documented fields and headers answers have had, to tell which none had. */
export class SeenParts {
  readonly #document: OpenApi;
  readonly #check: DocumentCheck;
  readonly #documented = new Set<string>();
  readonly #seen = new Set<string>();

  constructor(document: OpenApi, check: DocumentCheck) {
    this.#document = document;
    this.#check = check;
  }

  /** Adds an answer of an operation that is as documented. */
  add(operation: DocumentedOperation, exchange: Exchange): void {
    const { headers = {}, content = {} } = operation.responses[String(exchange.status)] ?? {};
    const place = `${operation.id} ${exchange.status}`;
    const promised = exchange.status < FIRST_OF_PROBLEMS ? Object.keys(headers) : [];
    for (const name of promised) this.#note(`${place} ${name}`, exchange.headers.get(name) !== null);
    const body = content[exchange.type ?? ''];
    if (body !== undefined) this.#addBody(place, body, exchange);
  }

  /** Returns what answers could have had, and none had. */
  unseen(): readonly string[] {
    return [...this.#documented].filter((place) => !this.#seen.has(place)).toSorted();
  }

  #addBody(status: string, body: DocumentedContent, exchange: Exchange): void {
    const { type } = exchange;
    const place = type === 'application/json' ? status : `${status} ${type}`;
    const schema = body['x-item-schema'] ?? body.schema;
    for (const value of valuesOf(body, exchange)) this.#walk({ place, schema }, value);
  }

  #note(place: string, isSeen: boolean): void {
    this.#documented.add(place);
    if (isSeen) this.#seen.add(place);
  }

  #walk(part: Part, value: unknown): void {
    const { place, schema } = this.#resolved(part, value);
    const { properties, items } = schema;
    for (const [name, inner] of Object.entries((properties ?? {}) as Record<string, JsonSchema>)) {
      const field = { place: `${place}.${name}`, schema: inner };
      const found = (value as Readonly<Record<string, unknown>> | null)?.[name];
      const isThere = found !== undefined && found !== null;
      this.#note(field.place, isThere);
      if (isThere) this.#walk(field, found);
    }
    if (items !== undefined && Array.isArray(value)) {
      for (const item of value) this.#walk({ place: `${place}[]`, schema: items as JsonSchema }, item);
    }
  }

  /** Follows references, which are places by themselves, and takes that of several alternatives which the value is. */
  #resolved({ place, schema }: Part, value: unknown): Part {
    const { $ref, anyOf, oneOf } = schema;
    if (typeof $ref === 'string') {
      const name = $ref.split('/').at(-1) ?? '';
      return this.#resolved({ place: name, schema: this.#document.components['schemas']?.[name] ?? {} }, value);
    }
    const others = (anyOf ?? oneOf ?? []) as readonly JsonSchema[];
    const one = others.find((other) => this.#check.valueFaults(other, value).length === 0);
    return one === undefined ? { place, schema } : this.#resolved({ place, schema: one }, value);
  }
}

function valuesOf(body: DocumentedContent, { type = '', text }: Exchange): readonly unknown[] {
  if (body['x-item-schema'] !== undefined) return itemsOf(text);
  return type.endsWith('json') ? [JSON.parse(text)] : [];
}
