import { asksForHelp, helpOf, parseCommandLine, UsageError } from '@jobstream/runtime';
import type { CommandLine, CommandOption } from '@jobstream/runtime';

/** An option of a benchmark; its values can be limited. */
interface BenchOption extends CommandOption {
  /** Its possible values. */
  readonly known?: readonly string[];
  /** The value is a beginning of one or several of `known`. */
  readonly begins?: true;
}

type Options = Readonly<Record<string, BenchOption>>;

interface BenchCommandLine<Declared extends Options> extends CommandLine<Declared> {
  /** The possible first positional arguments. */
  readonly knownWords?: readonly string[];
}

/** Of a benchmark: its arguments cannot be used, or it could not be measured. 1 says that what was measured is not good enough. */
export const UNUSABLE_EXIT_CODE = 2;

/**
 * Reads the arguments of a benchmark; call it before anything else. With `--help` or `-h` it writes the help and exits with
 * code 0; for arguments that it does not know it writes one sentence with those that it does, and exits with code 2.
 */
export function readCommandLine<const Declared extends Options>(
  declared: BenchCommandLine<Declared>,
  args: readonly string[] = process.argv.slice(2),
): ReturnType<typeof parseCommandLine<Declared>> {
  if (asksForHelp(args)) {
    process.stdout.write(helpOf(declared));
    process.exit(0);
  }
  try {
    return parseBenchCommandLine(declared, args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(UNUSABLE_EXIT_CODE);
  }
}

/** @throws UsageError for an unknown option, value or positional argument; its message lists the known ones. */
export function parseBenchCommandLine<const Declared extends Options>(
  declared: BenchCommandLine<Declared>,
  args: readonly string[],
): ReturnType<typeof parseCommandLine<Declared>> {
  const parsed = parseKnownOptions(declared, args);
  const values: Readonly<Record<string, unknown>> = parsed.values;
  for (const [name, option] of Object.entries(declared.options ?? {}))
    for (const value of [values[name]].flat()) if (typeof value === 'string') checkValue(name, option, value);
  const [word] = parsed.words;
  if (word !== undefined && declared.knownWords?.includes(word) === false)
    throw new UsageError(`there is no ${word}; known are ${declared.knownWords.join(', ')}`);
  return parsed;
}

function parseKnownOptions<const Declared extends Options>(
  declared: BenchCommandLine<Declared>,
  args: readonly string[],
): ReturnType<typeof parseCommandLine<Declared>> {
  try {
    return parseCommandLine(declared, args);
  } catch (cause) {
    // Of a value that is no number, the names of the options say nothing.
    if (cause instanceof UsageError && cause.cause === undefined) throw cause;
    const names = Object.keys(declared.options ?? {}).map((name) => `--${name}`);
    const known = names.length === 0 ? 'there are no options' : `known are ${names.join(', ')}`;
    throw new UsageError(`${cause instanceof Error ? cause.message : String(cause)}; ${known}`, { cause });
  }
}

function checkValue(name: string, { known, begins }: BenchOption, value: string): void {
  const fits = (one: string) => (begins === true ? one.startsWith(value) : one === value);
  if (known?.some(fits) === false) throw new UsageError(`there is no ${name} ${value}; known are ${known.join(', ')}`);
}
