import type { PayloadEdit } from '@jobstream/client';
import { InvalidArgumentError } from 'commander';

/** What the options of edits read: each may be given several times. */
export interface EditOptions {
  readonly rename?: readonly PayloadEdit[];
  readonly setIfMissing?: readonly PayloadEdit[];
  readonly remove?: readonly PayloadEdit[];
}

/** Reads `/from=/sender`. */
export function renames(text: string, others: readonly PayloadEdit[] = []): readonly PayloadEdit[] {
  const [, path, to] = /^(\/.*?)=(\/.*)$/su.exec(text) ?? [];
  if (path === undefined || to === undefined)
    throw new InvalidArgumentError('Expected two paths, such as /from=/sender.');
  return [...others, { op: 'rename', path, to }];
}

/** Reads `/locale="en"`: the value is JSON. */
export function setsIfMissing(text: string, others: readonly PayloadEdit[] = []): readonly PayloadEdit[] {
  const [, path, json = ''] = /^(\/.*?)=(.*)$/su.exec(text) ?? [];
  try {
    if (path !== undefined) return [...others, { op: 'setIfMissing', path, value: JSON.parse(json) as unknown }];
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError(`Expected a path and a value of JSON, such as '/locale="en"'.`);
}

/** Reads `/cc`. */
export function removals(text: string, others: readonly PayloadEdit[] = []): readonly PayloadEdit[] {
  if (!text.startsWith('/')) throw new InvalidArgumentError('Expected a path, such as /cc.');
  return [...others, { op: 'remove', path: text }];
}

/** All of them: the renames first, the removals last. */
export function editsOf({
  rename = [],
  setIfMissing = [],
  remove = [],
}: EditOptions): readonly PayloadEdit[] | undefined {
  const edits = [...rename, ...setIfMissing, ...remove];
  return edits.length === 0 ? undefined : edits;
}
