type Fields = Readonly<Record<string, unknown>>;

/** Applies a JSON merge patch (RFC 7396) as the API does: null removes a field, and anything but an object replaces the value. */
export function applyPatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, applyPatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

/** The merge patch that leads from one value to another; undefined where none does, since a patch cannot set null. */
export function patchBetween(before: unknown, after: unknown): unknown {
  const patch = difference(before, after);
  return isSame(applyPatch(before, patch), after) ? patch : undefined;
}

function difference(before: unknown, after: unknown): unknown {
  if (!isObject(before) || !isObject(after)) return after;
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  const changed = Object.entries(after).filter(([name, value]) => !isSame(before[name], value));
  return Object.fromEntries([
    ...removed.map((name) => [name, null]),
    ...changed.map(([name, value]) => [name, difference(before[name], value)]),
  ]);
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
