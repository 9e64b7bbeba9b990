import type { PayloadEdit } from '@jobstream/client';

type Fields = Readonly<Record<string, unknown>>;

/** A change of payloads: edits of single fields, and a JSON merge patch (RFC 7396). */
export interface PayloadChange {
  readonly edits?: readonly PayloadEdit[];
  readonly patch?: unknown;
}

/**
 * The change that leads from one value to another and does as little as it can to the payloads of other jobs: a field that is
 * new here is set where it is missing, one that was moved is renamed, and only what has another value is replaced.
 *
 * @returns undefined where none does, since a patch cannot set null.
 */
export function changeBetween(before: unknown, after: unknown): PayloadChange | undefined {
  if (isSame(before, after)) return {};
  if (!isObject(before) || !isObject(after)) return isSettable(after) || after === null ? { patch: after } : undefined;
  const edits: PayloadEdit[] = [];
  const patch = difference(before, after, { edits, above: '' });
  if (patch === undefined) return undefined;
  return {
    ...(edits.length === 0 ? {} : { edits }),
    ...(Object.keys(patch).length === 0 ? {} : { patch }),
  };
}

interface Place {
  readonly edits: PayloadEdit[];
  /** The pointer to the object. */
  readonly above: string;
}

/** What a patch has to replace; undefined if none can. The rest becomes edits. */
function difference(before: Fields, after: Fields, place: Place): Fields | undefined {
  place.edits.push(...editsBetween(before, after, place.above));
  const patch: [string, unknown][] = [];
  for (const [name, value] of Object.entries(after)) {
    if (!Object.hasOwn(before, name) || isSame(before[name], value)) continue;
    const change = replacement(before[name], value, { ...place, above: pointerTo(name, place.above) });
    if (change === undefined) return undefined;
    if (!isEmptyChange(change, value)) patch.push([name, change]);
  }
  return Object.fromEntries(patch);
}

function replacement(before: unknown, after: unknown, place: Place): unknown {
  if (isObject(before) && isObject(after)) return difference(before, after, place);
  return isSettable(after) ? after : undefined;
}

/** Whether all that has changed in an object became edits. */
function isEmptyChange(change: unknown, value: unknown): boolean {
  return isObject(change) && change !== value && Object.keys(change).length === 0;
}

/** The edits that give an object its fields: of two that were the same, each is moved once. */
function editsBetween(before: Fields, after: Fields, above: string): readonly PayloadEdit[] {
  const added = new Set(Object.keys(after).filter((name) => !Object.hasOwn(before, name)));
  const gone = Object.entries(before).filter(([name]) => !Object.hasOwn(after, name));
  const moved = gone.map(([name, value]): PayloadEdit => {
    const path = pointerTo(name, above);
    const to = [...added].find((one) => isSame(after[one], value));
    if (to === undefined) return { op: 'remove', path };
    added.delete(to);
    return { op: 'rename', path, to: pointerTo(to, above) };
  });
  const made = [...added].map((name): PayloadEdit => {
    return { op: 'setIfMissing', path: pointerTo(name, above), value: after[name] };
  });
  return [...moved, ...made];
}

function pointerTo(name: string, above: string): string {
  return `${above}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Whether a patch can set the value: in it null removes, also within objects, but not within lists. */
function isSettable(value: unknown): boolean {
  return isObject(value) ? Object.values(value).every(isSettable) : value !== null;
}

/** Whether two values of JSON are equal; the order of fields does not matter. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return one === other;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]));
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
