import { parts, settingOf } from './setting.ts';

const EXAMPLE = 'be paths such as order:customer,order.id,result:invoice;email:to';
const ENTRY = /^([a-z][a-z0-9-]{0,62}):(.+)$/;
const PATH = /^(?:result:)?[\w-]+(?:\.[\w-]+)*$/;
const MAX_PATHS = 16;

/** The paths of payloads and results by which the jobs of a type can be searched: `order:customer,order.id;email:to`. */
export const searchPaths = settingOf<ReadonlyMap<string, readonly string[]>>((raw) => {
  const entries = parts(raw, ';').map(readEntry);
  const valid = entries.flatMap((entry) => entry ?? []);
  const types = valid.map(([type]) => type);
  const isValid = valid.length === entries.length && new Set(types).size === types.length && types.length > 0;
  return isValid ? { value: new Map(valid) } : { mistakes: [{ expected: EXAMPLE, got: raw }] };
});

/** Undefined for an entry that is not a type with 1 to 16 different paths. */
function readEntry(entry: string): (readonly [string, readonly string[]])[] | undefined {
  const [, type, text] = ENTRY.exec(entry) ?? [];
  if (type === undefined || text === undefined) return undefined;
  const paths = parts(text, ',');
  const isValid = paths.length > 0 && paths.length <= MAX_PATHS && new Set(paths).size === paths.length;
  return isValid && paths.every((path) => path.length <= 128 && PATH.test(path)) ? [[type, paths]] : undefined;
}
