import type { StandardSchemaV1 } from '@standard-schema/spec';

const PROBLEMS_SHOWN = 20;

/** One line for each mistake: `payload.to[0]: expected an address`. */
export function linesOf(issues: readonly StandardSchemaV1.Issue[], root: string): string[] {
  return issues.slice(0, PROBLEMS_SHOWN).map(({ path = [], message }) => `${pathText(path, root)}: ${message}`);
}

function pathText(path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[], root: string): string {
  const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
  return keys.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    root,
  );
}
