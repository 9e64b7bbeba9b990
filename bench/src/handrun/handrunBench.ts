/** A benchmark that is run by hand, for one question. */
export interface HandrunBench {
  /** In kebab-case, for the command line. */
  readonly name: string;
  /** What it measures, in one sentence. */
  readonly summary: string;
  /** Its arguments with their defaults, for `--list`. */
  readonly parameters: string;
  /** Prints figures. Resolves to false if a promise of the documents is broken. */
  run(args: readonly string[]): Promise<boolean | void>;
}

/** The arguments as numbers, with defaults for those that are missing. */
export function numbersOf<Defaults extends readonly number[]>(
  args: readonly string[],
  ...defaults: Defaults
): { [Index in keyof Defaults]: number } {
  return defaults.map((fallback, index) => Number(args[index] ?? fallback)) as { [Index in keyof Defaults]: number };
}
