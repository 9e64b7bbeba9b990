import { shortPointer } from '../../http/jsonPointer.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Applies a JSON merge patch (RFC 7396): null removes a field, and anything but an object replaces the value. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

/** A patch may name as many fields as a body has room for. */
const MAX_PATHS = 100;

/** What a merge patch changes, as JSON pointers without the values: the first hundred; the empty text is the whole payload. */
export function patchedPaths(patch: unknown): readonly string[] {
  const paths = new Set<string>();
  for (const path of leavesOf(patch, [])) {
    if (paths.size === MAX_PATHS) break;
    paths.add(shortPointer(path));
  }
  return [...paths];
}

function* leavesOf(patch: unknown, path: readonly string[]): Generator<readonly string[], undefined> {
  const fields = isObject(patch) ? Object.entries(patch) : [];
  if (fields.length === 0) yield path;
  for (const [name, value] of fields) yield* leavesOf(value, [...path, name]);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
