import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '@jobstream/servers';
import * as Schema from 'effect/Schema';
import * as fc from 'fast-check';
import { build } from 'tsdown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publishedPackages, replacedFiles } from './publishedPackages.ts';

const domain = await import('@jobstream/domain');
type Domain = typeof domain;
type SchemaName = {
  [Name in keyof Domain]: Domain[Name] extends Schema.Constraint ? Name : never;
}[keyof Domain];

/** Every schema that the domain exports. */
const schemaNames = (Object.keys(domain) as (keyof Domain)[]).filter((name): name is SchemaName =>
  Schema.isSchema(domain[name]),
);

let folder: string;
/** The domain as it is in the published worker. */
let published: Domain;
/** What stands for Effect's Schema there. */
let replacement: Pick<typeof Schema, 'is'>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-domain-'));
  const worker = publishedPackages.find(({ name }) => name === '@jobstream/worker');
  const alias = replacedFiles(worker?.replaced);
  const entry = { domain: 'libs/domain/src/index.ts', schema: alias['effect/Schema'] ?? '' };
  const options = { entry, outDir: folder, format: 'esm', dts: false, sourcemap: false, fixedExtension: true } as const;
  await build({ ...options, config: false, cwd: repositoryRoot, alias, deps: { onlyImport: [] }, logLevel: 'error' });
  const load = async (name: string) => (await import(pathToFileURL(path.join(folder, name)).href)) as unknown;
  published = (await load('domain.mjs')) as Domain;
  replacement = (await load('schema.mjs')) as typeof replacement;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** JSON values, and strings that some schema of the domain takes or nearly takes. */
const telling = fc.oneof(
  { weight: 4, arbitrary: fc.json({ maxDepth: 2 }).map((text) => JSON.parse(text) as unknown) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(0, 1, -1, 0.5, 32, 1_000, 1_001, 2 ** 53, -0, 1e300, 604_800_001) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>('', 'x'.repeat(129), '2026-02-30T00:00:00Z', '0000-01-01T00:00:00Z', 'Email'),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>('Europe/Nowhere', 'a/b', '* * * *', '61 * * * *', 'UTC', 'fixed') },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>([], {}, null, true, [[]], { '': 0 }, JSON.parse('{"__proto__":1}')),
  },
);

const instant = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
/** Strings by a word of what their schema expects. */
const strings: readonly (readonly [RegExp, fc.Arbitrary<string>])[] = [
  [/RFC 3339/u, instant],
  [/UUID/u, fc.uuid()],
  [/time zone/u, fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York')],
  [/cron/u, fc.constantFrom('* * * * *', '0 9 * * 1-5', '*/5 0 1 1 *')],
  [/path into the payload/u, fc.constantFrom('payload', 'payload.userId', 'payload.a.b', 'tenant', 'type')],
  [/job type|schedule name/u, fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/u)],
  [/dashes and underscores/u, fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/u)],
  [/tenant/u, fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u)],
];
const anyString = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });

function expectationsOf({ checks }: Schema.Constraint['ast']): string {
  // The one schema that does not say what it expects is that of cron expressions.
  return checks?.map(({ annotations }) => annotations?.['expected'] ?? 'cron').join() ?? '';
}

/** Numbers within the bounds of a schema; integers, which are numbers of every kind, half of the time. */
function numbersOf({ checks }: Schema.Constraint['ast']): fc.Arbitrary<number> {
  const bounds = Object.assign(
    { minimum: -1_000, maximum: 1_000 },
    ...(checks ?? []).map(({ annotations }) => annotations?.['arbitraryConstraint']),
  ) as { minimum: number; maximum: number; number?: string };
  const integers = fc.integer({ min: bounds.minimum, max: Math.max(bounds.minimum, bounds.maximum) });
  if (bounds.number === 'integer') return integers;
  return fc.oneof(integers, fc.double({ min: bounds.minimum, max: bounds.maximum, noNaN: true }));
}

/** Mostly short lists, and some whose length is about the longest that any schema takes. */
function listsOf(items: fc.Arbitrary<unknown>): readonly fc.Arbitrary<unknown>[] {
  const lengths = [{ maxLength: 3 }, { maxLength: 2 }, { minLength: 31, maxLength: 34 }];
  return lengths.map((length) => fc.array(items, length));
}

/** Values of a schema, more or less: what is no member of it is drawn as well. */
function valuesOf(ast: Schema.Constraint['ast']): fc.Arbitrary<unknown> {
  if (ast._tag === 'Objects') return recordsOf(ast);
  if (ast._tag === 'Union') return fc.oneof(...ast.types.map(valuesOf));
  if (ast._tag === 'Arrays') return fc.oneof(...ast.rest.flatMap((item) => listsOf(valuesOf(item))));
  if (ast._tag === 'Literal') return fc.constant(ast.literal);
  if (ast._tag === 'Number') return numbersOf(ast);
  if (ast._tag === 'Boolean') return fc.boolean();
  if (ast._tag !== 'String') return telling;
  return strings.find(([word]) => word.test(expectationsOf(ast)))?.[1] ?? anyString;
}

function recordsOf({ propertySignatures }: Extract<Schema.Constraint['ast'], { _tag: 'Objects' }>) {
  const fields = propertySignatures.map(({ name, type }) => [String(name), valuesOf(type)] as const);
  const required = propertySignatures.filter(({ type }) => type.context?.isOptional !== true);
  const requiredKeys = required.map(({ name }) => String(name));
  return fc.record(Object.fromEntries(fields), { requiredKeys, noNullPrototype: true });
}

/** The value after one change at any place: a field less, one more, or another value. */
function changed(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return telling;
  const keys = Object.keys(value);
  const copyWith = (key: string, part: unknown) =>
    Array.isArray(value) ? value.with(Number(key), part) : { ...value, [key]: part };
  const changes = keys.map((key) => changed(value[key as never]).map((part) => copyWith(key, part)));
  const without = keys.map((key) =>
    fc.constant(Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))),
  );
  return fc.oneof(
    telling,
    ...changes,
    ...without,
    telling.map((more) => ({ ...value, more })),
  );
}

/** Values that a schema takes, that it nearly takes, and others. */
function candidatesFor(schema: Schema.Constraint): fc.Arbitrary<unknown> {
  const near = valuesOf(schema.ast);
  return fc.oneof({ weight: 3, arbitrary: near }, { weight: 4, arbitrary: near.chain(changed) }, telling);
}

const RUNS = { numRuns: 400 };

test('the test finds the schemas of the domain', () => {
  expect(schemaNames).toEqual(expect.arrayContaining(['JobEvent', 'ScheduleEvent', 'JobCommand', 'JobType', 'Tenant']));
});

test.each(schemaNames)('%s takes the same values without Effect', (name) => {
  const isOne = Schema.is(domain[name]);
  const isOneWithout = replacement.is(published[name]);
  const taken = { yes: 0, no: 0 };
  const property = fc.property(candidatesFor(domain[name]), (value) => {
    const verdict = isOne(value);
    taken[verdict ? 'yes' : 'no'] += 1;
    expect(isOneWithout(value)).toBe(verdict);
  });
  fc.assert(property, RUNS);
  expect(taken).toEqual({ yes: expect.toSatisfy((count) => count > 20), no: expect.toSatisfy((count) => count > 20) });
});

describe.each([
  ['decodeJobEvent', domain.JobEvent],
  ['decodeScheduleEvent', domain.ScheduleEvent],
] as const)('%s', (decode, schema) => {
  test('decodes message bodies to the same values without Effect', () => {
    const kinds = new Set<string>();
    const body = candidatesFor(schema);
    const property = fc.property(
      fc.oneof(
        body.map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      (text) => {
        const { reason: _reason, ...decoded } = { reason: '', ...domain[decode](text) };
        const { reason, ...decodedWithout } = { reason: 'none', ...published[decode](text) };
        expect(decodedWithout).toEqual(decoded);
        expect(reason).not.toBe('');
        kinds.add(decoded.kind);
      },
    );
    fc.assert(property, { numRuns: 3_000 });
    expect([...kinds]).toEqual(expect.arrayContaining(['event', 'malformed']));
  });

  test('says where a message body is malformed', () => {
    const text = JSON.stringify({ v: 1, id: 'e', event: 'JobStarted', version: 'one' });
    expect(published[decode](text)).toEqual({ kind: 'malformed', reason: expect.stringMatching(/^event/u) });
  });
});
