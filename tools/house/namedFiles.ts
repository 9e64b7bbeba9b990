/** What a text names in code marks and looks like a path within the repository, e.g. `apps/api/src/main.ts`. */
const NAMED = /`((?:apps|libs|e2e|tools|docs|migrations|bench|examples|deploy)\/[\w./-]+?)\/?`/g;

/** The files and folders of the repository that a document names, each once. */
export function namedFiles(text: string): readonly string[] {
  return [...new Set([...text.matchAll(NAMED)].map(([, name]) => String(name)))];
}
