import * as fc from 'fast-check';
import type { DocumentedContent, DocumentedOperation, Parameter } from '../contract/openApi.ts';
import { anyJson, arbitraryValue, nearlyValid } from './arbitraryValue.ts';

/** An arbitrary request. Names of existing things are picked from `seen`. */
export interface FuzzRequest {
  readonly operation: DocumentedOperation;
  readonly params: Readonly<Record<string, string>>;
  readonly seen: number;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Cannot be decoded. */
export const BROKEN = '%zz';
/** Refers to something that exists. */
export const SEEN = '(seen)';

export function arbitraryRequest(operations: readonly DocumentedOperation[]): fc.Arbitrary<FuzzRequest> {
  return fc.oneof(...operations.map(requestOf));
}

function requestOf(operation: DocumentedOperation): fc.Arbitrary<FuzzRequest> {
  return fc.record({
    operation: fc.constant(operation),
    params: params(operation.parameters.filter((one) => one.in === 'path')),
    seen: fc.nat(1_000),
    query: query(operation.parameters.filter((one) => one.in === 'query')),
    headers: headers(operation),
    body: body(operation.body),
  });
}

function params(parameters: readonly Parameter[]): fc.Arbitrary<Record<string, string>> {
  return fc.record(
    Object.fromEntries(
      parameters.map(({ name, schema }) => [
        name,
        fc.oneof(
          { weight: 6, arbitrary: fc.constant(SEEN) },
          { weight: 2, arbitrary: arbitraryValue(schema).map(String) },
          { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }) },
          { weight: 1, arbitrary: fc.constant(BROKEN) },
        ),
      ]),
    ),
  );
}

/** Long waits are valid, but 20,000 of them take too long. */
const SHORT: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  wait: fc.constantFrom('1ms', '20ms', '0s', '61s', '99999m', '-1s'),
  minVersion: fc.constantFrom(1, 0, -1, 1.5, 'x', 9_999_999_999),
};

function query(parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const known = parameters.map(({ name, schema }) => {
    const value = SHORT[name] ?? fc.oneof(nearlyValid(schema), fc.constant(SEEN));
    return fc.option(
      value.map((given) => [name, textOf(given)] as const),
      { freq: 2 },
    );
  });
  const unknown = fc.option(fc.tuple(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 })), { freq: 20 });
  return fc.tuple(...known, unknown).map((pairs) => {
    const given = pairs.filter((pair) => pair !== null).map(([name, value]) => [name, value] as [string, string]);
    return new URLSearchParams(
      given.map(([name, value]): [string, string] => [name.toWellFormed(), value.toWellFormed()]),
    ).toString();
  });
}

function headers({ parameters, responses }: DocumentedOperation): fc.Arbitrary<Record<string, string>> {
  const documented = parameters
    .filter((one) => one.in === 'header')
    .map(({ name, schema }) => {
      return [
        name,
        fc.oneof(arbitraryValue(schema), fc.constantFrom('"1"', '*', 'W/"2"'), fc.string()).map(sendable),
      ] as const;
    });
  const types = Object.values(responses).flatMap(({ content = {} }) => Object.keys(content));
  const accept = fc.constantFrom(...types, '*/*', 'text/html;q=0.1', ';');
  const requestId = fc.string({ maxLength: 200 }).map(sendable);
  const arbitraries = { ...Object.fromEntries(documented), accept, 'x-request-id': requestId, traceparent: requestId };
  return fc.record(arbitraries, { requiredKeys: [] });
}

function body(content: DocumentedOperation['body']): fc.Arbitrary<string | undefined> {
  const [documented] = Object.values(content ?? {});
  if (documented === undefined) return fc.constant(undefined);
  return fc.oneof(
    { weight: 12, arbitrary: documentedBody(documented) },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: anyJson.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

function documentedBody({ schema, examples = {}, 'x-item-schema': item }: DocumentedContent): fc.Arbitrary<string> {
  if (item !== undefined) {
    const line = nearlyValid(item).map((value) => JSON.stringify(value));
    return fc
      .array(fc.oneof({ weight: 9, arbitrary: line }, fc.string()), { maxLength: 20 })
      .map((all) => all.join('\n'));
  }
  const made = nearlyValid(schema).map((value) => JSON.stringify(value));
  const given = Object.values(examples).map(({ value }) => JSON.stringify(value));
  return given.length === 0 ? made : fc.oneof({ weight: 6, arbitrary: made }, fc.constantFrom(...given));
}

/** Characters of a header. */
function sendable(value: unknown): string {
  return String(value)
    .replaceAll(/[^\x20-\x7e\x80-\xff]/g, '?')
    .trim();
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.map(textOf).join(',') : typeof value === 'string' ? value : JSON.stringify(value);
}
