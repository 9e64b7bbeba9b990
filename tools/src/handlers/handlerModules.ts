import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const MODULE = /\.(ts|mts|js|mjs)$/;
const OTHER_PURPOSE = /\.(d|test|spec)\.[cm]?[jt]s$/;

/** Whether a file of a folder of handlers is for other programs: a test, or a declaration of types. */
export function isForOthers(name: string): boolean {
  return OTHER_PURPOSE.test(name);
}

/**
 * Returns the modules of `--handlers`: the file itself, or the modules that lie directly in the folder.
 *
 * @throws Error with one sentence when there are none.
 */
export function handlerModules(place: string): readonly string[] {
  const kind = statSync(place, { throwIfNoEntry: false });
  if (kind === undefined) throw new Error(`--handlers ${place} does not exist.`);
  if (!kind.isDirectory()) return [place];
  const names = readdirSync(place).filter((name) => MODULE.test(name) && !isForOthers(name));
  if (names.length === 0) throw new Error(`--handlers ${place} has no modules: expected files such as thumbnail.ts.`);
  return names.toSorted().map((name) => path.join(place, name));
}
