import * as Schema from 'effect/Schema';
import { canonicalJson } from '../../messages/canonicalJson.ts';
import { isObject } from '../../messages/isObject.ts';

/** What of a job its unique key is made of. */
const UniquePath = Schema.String.check(
  Schema.isPattern(/^(?:tenant|type|payload(?:\.[^.]+)*)$/u, {
    expected: '"tenant", "type", "payload", or a path into the payload such as "payload.userId"',
  }),
  Schema.isMaxLength(256),
);
const MAX_PATHS = 16;
const UniqueWhile = Schema.Literals(['waiting', 'unfinished']);
const MIN_FOR_MS = 1_000;
const MAX_FOR_MS = 30 * 86_400_000;
const ForMs = Schema.Int.check(Schema.isBetween({ minimum: MIN_FOR_MS, maximum: MAX_FOR_MS }));

/** A rule as it is stored: one of `while` and `forMs`. Other jobs with the same values at the paths of `by` are not created while it holds. */
export const Unique = Schema.Struct({
  by: Schema.Array(Schema.String),
  while: Schema.optionalKey(UniqueWhile),
  forMs: Schema.optionalKey(Schema.Int),
});
export type Unique = typeof Unique.Type;

/** What a request does to the job that holds its key. */
export const OnConflict = Schema.Literals(['keep', 'replace', 'debounce']);
export type OnConflict = typeof OnConflict.Type;

/** A rule as a request has it. */
export const RequestedUnique = Schema.Struct({
  by: Schema.Array(UniquePath).check(Schema.isBetweenLength(1, MAX_PATHS)),
  while: Schema.optionalKey(UniqueWhile),
  forMs: Schema.optionalKey(ForMs),
  onConflict: Schema.optionalKey(OnConflict),
});
export type RequestedUnique = typeof RequestedUnique.Type;

const decodeRequested = Schema.decodeUnknownResult(RequestedUnique);

/** What is wrong with a rule that comes without a request; undefined for none, and for one that the API would take. */
export function uniqueMistake(unique: unknown): string | undefined {
  if (unique === undefined) return undefined;
  const decoded = decodeRequested(unique);
  return decoded._tag === 'Failure' ? decoded.failure.message : undefined;
}

interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

/** Checks what the fields of a request say together: that only one rule is given, and that the payload has what `by` names. */
export function uniqueFaults(request: unknown): readonly Fault[] {
  if (!isObject(request) || !isObject(request['unique'])) return [];
  const { unique, payload = null, delayMs } = request;
  const { by, while: state, forMs, onConflict } = unique;
  const both: Fault = { pointer: '/unique/forMs', detail: 'must not be given together with while' };
  const paths: readonly unknown[] = Array.isArray(by) ? by : [];
  const missing = paths.flatMap((path, index): Fault[] =>
    typeof path === 'string' && valueAt(path, payload) === undefined
      ? [{ pointer: `/unique/by/${index}`, detail: `the payload has no ${path.slice('payload.'.length)}` }]
      : [],
  );
  const pointless = onConflict === 'debounce' && delayMs === undefined;
  return [
    ...(state !== undefined && forMs !== undefined ? [both] : []),
    ...(pointless ? [{ pointer: '/unique/onConflict', detail: 'debounce needs delayMs' }] : []),
    ...missing,
  ];
}

/** Fills in what a request leaves out. */
export function completeUnique({ by, while: state, forMs }: RequestedUnique): Unique {
  return forMs === undefined ? { by, while: state ?? 'unfinished' } : { by, forMs };
}

/** The values at the paths, sorted by them, so that neither their order nor a path given twice makes another key. */
export function uniqueValues({ by }: Unique, payload: unknown): readonly (readonly [path: string, value: unknown])[] {
  const paths = [...new Set(by)].filter((path) => path.startsWith('payload')).toSorted();
  return paths.map((path) => [path, valueAt(path, payload)]);
}

interface UniqueJob {
  readonly unique?: Unique | undefined;
  readonly attempt: number;
  readonly payload: unknown;
}

/**
 * Why an ended job, decrypted, may not get this payload: with another key, requests would find it for which it does nothing, and miss
 * it for which it does. Undefined if it may.
 */
export function changedKey({ unique, attempt, payload }: UniqueJob, later: unknown): string | undefined {
  const isOver = unique?.while === 'waiting' && attempt > 0;
  if (unique === undefined || isOver || isSame(uniqueValues(unique, payload), uniqueValues(unique, later)))
    return undefined;
  const paths = unique.by.filter((path) => path.startsWith('payload')).join(', ');
  return `the unique key of the job is made of ${paths}, which must stay as it is: rerun the job instead`;
}

function isSame(values: unknown, others: unknown): boolean {
  return canonicalJson(values) === canonicalJson(others);
}

/** What the payload has at a path; null for what is no path into it, undefined if it has nothing there. */
function valueAt(path: string, payload: unknown): unknown {
  const [root, ...names] = path.split('.');
  if (root !== 'payload') return null;
  let value = payload;
  for (const name of names) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}
