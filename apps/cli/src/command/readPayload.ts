import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { UsageError } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Reads a JSON value as it is given on the command line: itself, `-` for standard input, `@` and the name of a file.
 *
 * @throws UsageError when there is no such file, or it is not JSON.
 */
export async function readPayload(given: string, { stdin, folder }: Surroundings): Promise<unknown> {
  if (given === '-') return parse(await text(stdin), 'standard input');
  if (!given.startsWith('@')) return parse(given, 'the payload');
  const file = given.slice(1);
  const content = await readFile(path.resolve(folder, file), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read (${cause.code ?? cause.message})`, { cause });
  });
  return parse(content, file);
}

/** Standard, and not yet declared by TypeScript. */
type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;
const parseWithSource = JSON.parse as ParseWithSource;

function parse(json: string, where: string): unknown {
  try {
    return parseWithSource(json, (_key, value, { source }) => {
      if (typeof value === 'number' && source !== undefined) assertExact(value, source, where);
      return value;
    });
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${where} is not JSON: ${reason}; a text needs its quotes, such as '"hello"'`, { cause });
  }
}

/** The API refuses such a number, too; here it would be sent rounded. */
function assertExact(value: number, source: string, where: string): void {
  const isRounded = /[.eE]/.test(source) ? !Number.isFinite(value) : JSON.stringify(value) !== source && value !== 0;
  if (isRounded) throw new UsageError(`${where} has the number ${source}, which would be changed: write it as a text`);
}
