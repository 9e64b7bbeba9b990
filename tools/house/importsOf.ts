/** `import … from 'x'`, `export … from 'x'` and `import 'x'`, which prettier puts at the beginning of a line. */
const STATEMENT = /^\s*(?:import|export)\b(?:[^'";]*?\bfrom)?\s*['"]([^'"]+)['"]/gm;
/** Dynamic imports, also as a type, and the other ways to name a module in a call. */
const CALL = /\b(?:import|require|import\.meta\.resolve|vi\.mock)\(\s*['"`]([^'"`$]+)['"`]/g;

/** The modules that a source text names, as written there. */
export function importsOf(text: string): readonly string[] {
  return [STATEMENT, CALL].flatMap((pattern) => [...text.matchAll(pattern)].map(([, specifier]) => String(specifier)));
}
