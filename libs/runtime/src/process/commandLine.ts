import { parseArgs } from 'node:util';
import type { ParseArgsOptionDescriptor } from 'node:util';

/** An option of a command; its names in the help are `--<key>` and `-<short>`. */
export interface CommandOption extends ParseArgsOptionDescriptor {
  readonly help: string;
  /** The placeholder of the value in the help, e.g. `days`; an option without it is a switch. */
  readonly value?: string;
  /** The value is a number above 0, or a whole one. */
  readonly number?: 'any' | 'whole';
  /** The value is a number from this one on. */
  readonly least?: number;
}

/** The arguments of a command: the source of its help and of its validation. */
export interface CommandLine<Options extends Readonly<Record<string, CommandOption>>> {
  /** As it is typed, e.g. `npm run rebuild`. */
  readonly command: string;
  /** What the command does, in one or a few sentences. */
  readonly summary: string;
  readonly options?: Options;
  /** The positional arguments, e.g. `[<file>…]`; without it they are refused. */
  readonly words?: string;
  /** The environment variables that it reads, each with its description. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Additional lines of help. */
  readonly notes?: readonly string[];
  /** What may be typed behind the command; an empty text for nothing. */
  readonly examples?: readonly string[];
}

type Values<Options extends Readonly<Record<string, CommandOption>>> = ReturnType<
  typeof parseArgs<{ options: { -readonly [Name in keyof Options]: Options[Name] } }>
>['values'];

/** Thrown for invalid arguments; the message is one sentence for the user. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/** The exit code for invalid arguments: EX_USAGE of sysexits, since 2 says that something could not be done. */
export const USAGE_EXIT_CODE = 64;

/**
 * Reads the arguments of a command; call it before anything else. With `--help` or `-h` it writes the help and exits with
 * code 0; for invalid arguments it writes one sentence and exits with code 64.
 */
export function readCommandLine<const Options extends Readonly<Record<string, CommandOption>>>(
  declared: CommandLine<Options>,
  args: readonly string[] = process.argv.slice(2),
): { values: Values<Options>; words: readonly string[] } {
  // The command line `jobstream` runs the same programs.
  const definition = { ...declared, command: process.env['JOBSTREAM_COMMAND'] || declared.command };
  if (asksForHelp(args)) {
    process.stdout.write(helpOf(definition));
    process.exit(0);
  }
  try {
    return parseCommandLine(definition, args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(USAGE_EXIT_CODE);
  }
}

/** Returns whether `--help` or `-h` is among the arguments. */
export function asksForHelp(args: readonly string[]): boolean {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return own.some((arg) => arg === '--help' || arg === '-h');
}

/** @throws UsageError for an unknown option or positional argument, and for a value that is no number where one is expected. */
export function parseCommandLine<const Options extends Readonly<Record<string, CommandOption>>>(
  definition: CommandLine<Options>,
  args: readonly string[],
): { values: Values<Options>; words: readonly string[] } {
  const parsed = parseKnown(definition, args);
  const values: Readonly<Record<string, unknown>> = parsed.values;
  for (const [name, option] of Object.entries(definition.options ?? {}))
    for (const value of [values[name]].flat()) if (typeof value === 'string') checkNumber(name, option, value);
  return parsed;
}

function checkNumber(name: string, option: CommandOption, text: string): void {
  const { number, least } = option;
  if (number === undefined || isNumber(text, option)) return;
  const what = `a ${number === 'whole' ? 'whole ' : ''}number ${least === undefined ? 'above 0' : `from ${least} on`}`;
  throw new UsageError(`expected --${name} to be ${what}, got: ${text}`);
}

function isNumber(text: string, { number, least }: Pick<CommandOption, 'number' | 'least'>): boolean {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const isInRange = least === undefined ? value > 0 : value >= least;
  return isInRange && Number.isFinite(value) && (number === 'any' || Number.isSafeInteger(value));
}

function parseKnown<const Options extends Readonly<Record<string, CommandOption>>>(
  { command, options, words }: CommandLine<Options>,
  args: readonly string[],
): { values: Values<Options>; words: readonly string[] } {
  try {
    const config = { args: [...args], options: { ...options }, allowPositionals: words !== undefined };
    const { values, positionals } = parseArgs(config);
    return { values: values as Values<Options>, words: positionals };
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split(/\.(?:\s|$)/)[0];
    throw new UsageError(`${reason}; for help: ${beforeArguments(command)} --help`, { cause: error });
  }
}

/** The text that `--help` writes. */
export function helpOf(definition: CommandLine<Readonly<Record<string, CommandOption>>>): string {
  const { command, summary, options = {}, words, environment = {}, notes = [] } = definition;
  const optionRows = Object.entries(options).map(([name, { short, value, help }]): [string, string] => {
    const names = `${short === undefined ? '' : `-${short}, `}--${name}`;
    return [value === undefined ? names : `${names} <${value}>`, help];
  });
  optionRows.push(['-h, --help', 'Shows this help.']);
  const taken = [optionRows.length > 1 ? '[options]' : '', words ?? ''].filter(Boolean).join(' ');
  const usage = taken === '' ? command : `${beforeArguments(command)} ${taken}`;
  const sections = [`Usage: ${usage}`, summary, `Options:\n${table(optionRows)}`];
  if (Object.keys(environment).length > 0) sections.push(`Environment:\n${table(Object.entries(environment))}`);
  if (notes.length > 0) sections.push(notes.join('\n'));
  return `${[...sections, ...examplesOf(definition)].join('\n\n')}\n`;
}

function examplesOf({ command, examples = [] }: Pick<CommandLine<never>, 'command' | 'examples'>): readonly string[] {
  const typed = examples.map((args) => `  $ ${args === '' ? command : `${beforeArguments(command)} ${args}`}`);
  return typed.length === 0 ? [] : [`Examples:\n${typed.join('\n')}`];
}

/** Appends `--` to an npm command that has none, because npm reads the options before it. */
function beforeArguments(command: string): string {
  return command.startsWith('npm ') && !command.includes(' -- ') ? `${command} --` : command;
}

/**
 * Returns how the user of this process types a command of the system: as the npm script of that name, or where the command line
 * has started this process as one of its commands.
 *
 * @example
 * typedCommand('verify', '--repair'); // npm run verify -- --repair, or npx jobstream verify --repair
 */
export function typedCommand(name: string, args = '', typed = process.env['JOBSTREAM_COMMAND']): string {
  if (typed) return [typed.replace(/ \S+$/, ''), name === 'start' ? 'dev' : name, args].filter(Boolean).join(' ');
  const command = name === 'start' ? 'npm start' : `npm run ${name}`;
  return args === '' ? command : `${beforeArguments(command)} ${args}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, help]) => `  ${name.padEnd(width)}  ${help}`).join('\n');
}
