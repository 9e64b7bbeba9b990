import { CreateJobRequest, creationEvent, identityOfKey, isIdempotencyKey } from '@jobstream/creation';
import { canonicalJson } from '@jobstream/domain';
import { installOutbox } from '@jobstream/outbox';
import { createDatabase, queryDatabase } from '@jobstream/test-support';
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { parseJson } from '../../http/parsing/parseJson.ts';
import { Problem } from '../../problems/problem.ts';
import { decodeCreateJob, limitPayload } from './createJobRequest.ts';

/** The name of the field that SQL refuses, and what the outbox would hold; null where nothing is refused. */
const OUTCOMES = `SELECT given->>'type' AS type, (given->>'payload')::jsonb::text AS payload, given->'options' AS options,
  public.refused_field(given->>'type', (given->>'payload')::jsonb, given->'options') AS refused
  FROM jsonb_array_elements($1::jsonb) AS given`;
const REFUSED_FIELD = `CREATE FUNCTION public.refused_field(type text, payload jsonb, options jsonb) RETURNS text
LANGUAGE plpgsql AS $$ DECLARE field text; BEGIN
  PERFORM jobstream.check_job(type, payload, options);
  RETURN NULL;
EXCEPTION WHEN invalid_parameter_value THEN
  GET STACKED DIAGNOSTICS field = COLUMN_NAME;
  RETURN field;
END $$`;

interface Outcome {
  readonly type: string;
  readonly payload: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  readonly refused: string | null;
}

let url: string;
beforeAll(async () => {
  url = await createDatabase();
  await installOutbox(url);
  await queryDatabase(url, REFUSED_FIELD);
});

const edges = (...around: readonly number[]) =>
  fc.constantFrom(...around.flatMap((one) => [one - 1, one, one + 1, one + 0.5, -one]));
const junk = fc.constantFrom<unknown>(null, true, '', 'x', [], {}, '5', 1.5);
const text = fc
  .string({ unit: 'grapheme', maxLength: 10 })
  .map((one) => one.replaceAll('\0', ''))
  .filter((one) => one.isWellFormed());
const type = fc.constantFrom(
  'email',
  'e',
  'a-1',
  `a${'b'.repeat(62)}`,
  `a${'b'.repeat(63)}`,
  '',
  'Email',
  '1a',
  'a_b',
  'a\n',
  'é',
);
const tags = fc.oneof(
  fc.array(text, { maxLength: 34 }),
  fc.constantFrom(['a'.repeat(128)], ['a'.repeat(129)], ['😀'.repeat(64)], ['😀'.repeat(65)], [1], ['']),
  fc.constantFrom(32, 33).map((count) => Array.from({ length: count }, () => 'tag')),
);
const delay = fc.oneof(edges(0, 2_592_000_000), junk);
const backoff = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom('fixed', 'exponential', 'linear'),
      delayMs: delay,
      maxDelayMs: delay,
      jitter: fc.oneof(fc.constantFrom(0, 0.5, 1, 1.1, -0.1), junk),
      other: fc.constant(1),
    },
    { requiredKeys: [] },
  ),
  junk,
);
const YEAR_MS = 366 * 86_400_000;
const runAt = fc.oneof(
  fc.constantFrom(
    '2026-02-29T00:00:00Z',
    '2024-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+00:01',
    '1970-01-01T00:00:00-23:59',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2026-01-31',
    '2026-01-31T09:30:00.1234567891Z',
    '2026-01-31T09:30:00.123456789+23:59',
    '2026-01-31T24:00:00Z',
    '2026-01-31T09:30:60Z',
  ),
  fc.integer({ min: -1_000, max: 1_000 }).map((s) => new Date(Date.now() + s * 1_000).toISOString()),
  fc.constantFrom(-3_600_000, 3_600_000).map((ms) => new Date(Date.now() + YEAR_MS + ms).toISOString()),
  junk,
);
const key = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
  fc.constantFrom('a'.repeat(255), 'a'.repeat(256), 'a\n', 'é', ' ', '\t'),
  junk,
);
const path = fc.constantFrom(
  'payload',
  'payload.a',
  'payload.a.b',
  'payload.0',
  'payload.é',
  'payload.a\n',
  'type',
  'tenant',
  'payload.',
  'payload.a.',
  'payload.a..b',
  'payload.a.b.c',
  'payloads',
  'type.a',
  'type\n',
  '',
);
const paths = fc.oneof(
  path.map((one) => [one]),
  fc.array(path, { minLength: 1, maxLength: 3 }),
  fc.constantFrom(0, 16, 17).map((count) => Array.from({ length: count }, () => 'type')),
  fc
    .constantFrom('a'.repeat(248), 'a'.repeat(249), '😀'.repeat(124), '😀'.repeat(125))
    .map((name) => [`payload.${name}`]),
  fc.constantFrom([1], [null], ['type', {}]),
  junk,
);
const conflict = fc.constantFrom('keep', 'replace', 'debounce', 'Keep');
const unique = fc.oneof(
  paths.map((by) => ({ by })),
  fc.record(
    {
      by: fc.oneof(fc.constant(['type']), paths),
      while: fc.oneof(fc.constantFrom('waiting', 'unfinished', 'running', 'Waiting'), junk),
      forMs: fc.oneof(edges(1_000, 2_592_000_000), junk),
      onConflict: fc.oneof(conflict, junk),
      other: fc.constant(1),
    },
    { requiredKeys: [] },
  ),
  edges(1_000, 2_592_000_000).map((forMs) => ({ by: ['type'], forMs })),
  fc.constant({ by: ['type'], forMs: 1_000, while: 'waiting' }),
  conflict.map((onConflict) => ({ by: ['type'], onConflict })),
  fc.constantFrom('waiting', 'unfinished', 'running', null).map((state) => ({ by: ['type'], while: state })),
  junk,
);
const long = Object.fromEntries(
  ['a'.repeat(248), 'a'.repeat(249), '😀'.repeat(124), '😀'.repeat(125)].map((name) => [name, 1]),
);
const keyed = fc.constantFrom(
  '{"a":{"b":null}}',
  '{"a":{"b":{"c":1}}}',
  '{"a":1}',
  '{"a":null}',
  '{"0":1}',
  '[1]',
  '[{"b":1}]',
  '"a"',
  'null',
  '{"é":[],"a\\n":1}',
  JSON.stringify(long),
  undefined,
);
const options = fc.record(
  {
    runAt,
    delayMs: fc.oneof(edges(0, 31_622_400_000), junk),
    maxAttempts: fc.oneof(edges(1, 1_000), junk),
    backoff,
    timeoutMs: fc.oneof(edges(1, 604_800_000), junk),
    tags: fc.oneof(tags, junk),
    unique,
    idempotencyKey: key,
    priority: fc.oneof(fc.constantFrom('high', 'normal', 'low', 'High', ''), junk),
    colour: fc.constant(1),
  },
  { requiredKeys: [] },
);
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const sized = (bytes: number) => [
  JSON.stringify('a'.repeat(bytes - 2)),
  `[1,2,"${'é, '.repeat(Math.floor(bytes / 4) - 2)}"]`,
];
const payload = fc.oneof(
  fc.jsonValue({ stringUnit: 'grapheme' }).map((value) => JSON.stringify(value).replaceAll(String.raw`\u0000`, '')),
  fc.constantFrom(
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '123456789012345678.5',
    '1e20',
    '1e400',
    '-1e400',
    '1.5e300',
    '12345678901234567890',
    '"12345678901234567890"',
    '{"12345678901234567891":1}',
    '{"__proto__":1}',
    String.raw`["\"__proto__\":"]`,
    '[{"a":{"__proto__":null}}]',
    'null',
    '""',
    ...[62, 63, 64, 65].map(nested),
    ...[262_143, 262_144, 262_145, 400_000].flatMap(sized),
    `[${'1, '.repeat(131_071)}1]`,
    `[${'1, '.repeat(131_072)}1]`,
  ),
);
const job = fc.record({ type, payload: fc.option(payload, { nil: undefined }), options });
const names = Object.keys(CreateJobRequest.fields).filter((name) => name !== 'type' && name !== 'payload');
/** Valid but for one part, since most jobs with several arbitrary parts are refused by the first of them. */
const jobs = fc.oneof(
  job,
  payload.map((one) => ({ type: 'email', payload: one, options: {} })),
  ...names.map((name) =>
    options.map((all) => ({ type: 'email', options: name in all ? { [name]: Reflect.get(all, name) } : {} })),
  ),
  options.map(({ idempotencyKey }) => ({ type: 'email', options: { idempotencyKey } })),
);

/** The fields in which the API finds mistakes. */
function mistakesOf({ type: given, payload: json, options: { idempotencyKey, ...rest } }: Outcome): readonly string[] {
  const badKey = idempotencyKey === undefined || isIdempotencyKey(idempotencyKey) ? [] : ['idempotencyKey'];
  const body = { type: given, ...rest };
  const value = json === null ? { body } : placesOf(() => ({ body: { ...body, payload: valueOf(json) } }));
  if ('places' in value) return [...badKey, ...value.places, ...mistakesIn(body)];
  return [...badKey, ...mistakesIn(value.body)];
}

function mistakesIn(body: object): readonly string[] {
  const checks = [
    () => void decodeCreateJob(body, Date.now()),
    () => 'payload' in body && limitPayload(Number.NaN, body.payload),
  ];
  return checks.flatMap((check) => placesOf(() => (check(), { places: [] })).places);
}

function rootOf(field: string): string {
  return field.split('.')[0] ?? '';
}

/** The fields that a Problem is about, if `work` ends with one. */
function placesOf<Result>(work: () => Result): Result | { readonly places: readonly string[] } {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { places: (error.errors ?? []).map((one) => ('pointer' in one ? (one.pointer.split('/')[1] ?? '') : '')) };
  }
}

function valueOf(json: string): unknown {
  const wrapped = parseJson(`{"payload":${json}}`) as { readonly payload: unknown };
  return wrapped.payload;
}

async function expectAgreement(given: readonly object[]): Promise<void> {
  const outcomes = await queryDatabase<Outcome & Record<string, unknown>>(url, OUTCOMES, [JSON.stringify(given)]);
  for (const outcome of outcomes) {
    const mistakes = mistakesOf(outcome);
    const said = { ...outcome, payload: outcome.payload?.slice(0, 300), mistakes };
    const agrees = outcome.refused === null ? mistakes.length === 0 : mistakes.includes(rootOf(outcome.refused));
    expect({ ...said, agrees }).toMatchObject({ agrees: true });
  }
}

test('SQL accepts the jobs that the API accepts, and names a field that the API refuses', async () => {
  await fc.assert(fc.asyncProperty(fc.array(jobs, { minLength: 20, maxLength: 60 }), expectAgreement), {
    numRuns: 12,
    endOnFailure: true,
  });
});

test('SQL accepts the rules of unique jobs that the API accepts', async () => {
  const uniqueJob = fc
    .tuple(keyed, unique, fc.constantFrom({}, { delayMs: 5 }))
    .map(([one, rule, due]) => ({ type: 'email', payload: one, options: { unique: rule, ...due } }));
  await fc.assert(fc.asyncProperty(fc.array(uniqueJob, { minLength: 200, maxLength: 300 }), expectAgreement), {
    numRuns: 12,
    endOnFailure: true,
  });
});

test.each(names)('SQL knows the option %s of the API', async (name) => {
  const given = JSON.stringify({ [name]: null });
  const enqueued = queryDatabase(url, "SELECT jobstream.enqueue('email', NULL, $1)", [given]);
  await expect(enqueued).rejects.toThrow(`jobstream: ${name} must `);
});

const IDS = `SELECT jobstream.job_id_of(jobstream.key_digest(key, tenant)) AS id, encode(jobstream.key_digest(key, tenant), 'hex') AS digest
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (key, tenant, place) ORDER BY place`;
const validKey = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 255 });
const tenant = fc.option(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), { nil: undefined });

test('a key has the same id in SQL as in the API, for every tenant', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(validKey, tenant), { minLength: 50, maxLength: 100 }), async (given) => {
      const values = [given.map(([one]) => one), given.map(([, owner]) => owner ?? null)];
      const made = await queryDatabase<{ id: string; digest: string }>(url, IDS, values);
      expect(made).toEqual(given.map(([one, owner]) => identityInApi(one, owner)));
    }),
    { numRuns: 10 },
  );
});

function identityInApi(one: string, owner: string | undefined): object {
  const request = { type: 'email' };
  const context = {
    eventId: 'event',
    at: '2026-01-31T09:30:00.000Z',
    actor: { kind: 'api', id: 'test' },
    ...(owner === undefined ? {} : { tenant: owner }),
  } as const;
  const { jobId: id, data } = creationEvent({ request, identity: identityOfKey(one, request), context });
  return { id, digest: 'idempotencyKey' in data ? data.idempotencyKey : undefined };
}

test('the fingerprint does not depend on how Postgres writes JSON', async () => {
  const body = { type: 'email', payload: { b: [1, 2.5, 'é😀'], a: null, aa: { c: true } } };
  const rows = await queryDatabase<{ text: string }>(url, 'SELECT $1::jsonb::text AS text', [JSON.stringify(body)]);
  expect(canonicalJson(JSON.parse(rows[0]?.text ?? ''))).toBe(canonicalJson(body));
});
