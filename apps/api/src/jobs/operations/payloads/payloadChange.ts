import { isObject } from '@jobstream/domain';
import { shortPointer } from '../../../http/parsing/jsonPointer.ts';

/** A change of one field, which leaves alone what other jobs have in it. Paths are JSON pointers (RFC 6901) to fields of objects. */
export type PayloadEdit =
  | { readonly op: 'rename'; readonly path: string; readonly to: string }
  | { readonly op: 'setIfMissing'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** What an operation makes of payloads: the edits one after the other, then the merge patch. */
export interface PayloadChange {
  readonly edits?: readonly PayloadEdit[] | undefined;
  /** A JSON merge patch (RFC 7396). */
  readonly patch?: unknown;
}

/** A field that a patch sets to one value, whatever it was. */
export interface ReplacedField {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Why an edit cannot be made in one payload. */
class EditRefusal extends Error {}

/** Applies a change to a payload, or says why an edit cannot be made in it. */
export function changePayload(
  payload: unknown,
  { edits = [], ...rest }: PayloadChange,
): { readonly payload: unknown } | { readonly refusal: string } {
  try {
    const edited = edits.reduce(applyEdit, payload);
    return { payload: 'patch' in rest ? mergePatch(edited, rest.patch) : edited };
  } catch (error) {
    if (error instanceof EditRefusal) return { refusal: error.message };
    throw error;
  }
}

/** Applies a JSON merge patch (RFC 7396): null removes a field, and anything but an object replaces the value. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function applyEdit(payload: unknown, edit: PayloadEdit): unknown {
  const found = valueAt(payload, pathOf(edit.path));
  switch (edit.op) {
    case 'remove':
      return found === undefined ? payload : without(payload, pathOf(edit.path));
    case 'setIfMissing':
      return found === undefined ? withValue(payload, pathOf(edit.path), edit.value) : payload;
    case 'rename':
      if (found === undefined) return payload;
      if (valueAt(payload, pathOf(edit.to)) !== undefined) throw new EditRefusal(`${edit.to} is there already`);
      return withValue(without(payload, pathOf(edit.path)), pathOf(edit.to), found.value);
  }
}

function pathOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Undefined where there is no such field; one that is null is there. */
function valueAt(value: unknown, path: readonly string[]): { readonly value: unknown } | undefined {
  const [name, ...rest] = path;
  if (name === undefined) return { value };
  return isObject(value) && Object.hasOwn(value, name) ? valueAt(value[name], rest) : undefined;
}

/** Objects on the way that are missing are made. */
function withValue(target: unknown, path: readonly string[], value: unknown, above = ''): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (target !== undefined && !isObject(target)) throw new EditRefusal(`${above || 'the payload'} is no object`);
  const fields = new Map(Object.entries(target ?? {}));
  return Object.fromEntries(fields.set(name, withValue(fields.get(name), rest, value, above + shortPointer([name]))));
}

function without(target: unknown, [name, ...rest]: readonly string[]): unknown {
  if (!isObject(target) || name === undefined) return target;
  const fields = new Map(Object.entries(target));
  if (rest.length === 0) fields.delete(name);
  else fields.set(name, without(target[name], rest));
  return Object.fromEntries(fields);
}

/** A patch may name as many fields as a body has room for. */
const MAX_PATHS = 100;

/** What a change touches, as JSON pointers without the values: the first hundred; the empty text is the whole payload. */
export function changedPaths({ edits = [], ...rest }: PayloadChange): readonly string[] {
  const paths = new Set(edits.flatMap((edit) => ('to' in edit ? [edit.path, edit.to] : [edit.path])));
  for (const { path } of 'patch' in rest ? leavesOf(rest.patch, []) : []) {
    if (paths.size === MAX_PATHS) break;
    paths.add(shortPointer(path));
  }
  return [...paths];
}

/** The fields that the patch sets, the first hundred of them. */
export function replacedFields(change: PayloadChange): readonly ReplacedField[] {
  const leaves = 'patch' in change ? [...leavesOf(change.patch, [])] : [];
  return leaves.filter(({ value }) => value !== null && !isEmpty(value)).slice(0, MAX_PATHS);
}

function* leavesOf(value: unknown, path: readonly string[]): Generator<ReplacedField, undefined> {
  const fields = isObject(value) ? Object.entries(value) : [];
  if (fields.length === 0) yield { path, value };
  for (const [name, field] of fields) yield* leavesOf(field, [...path, name]);
}

/** Merging an empty object changes no object. */
function isEmpty(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}
