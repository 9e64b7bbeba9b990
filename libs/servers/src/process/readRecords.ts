import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** The lines of a stack are written in several parts, but without a pause between them. */
const QUIET_MS = 40;
/** A process that writes text all the time is not held back for longer. */
const LONGEST_MS = 400;

/** Passes on the lines that a process writes, of both of its streams, as `readRecords` does; the last of them when it ends. */
export function readOutput(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) child.once('exit', readRecords(stream, onLine));
  }
}

/**
 * Passes on the lines of a stream. Lines of text that follow each other at once, such as those of a stack, are one record and
 * are passed on together, so that nothing which is written meanwhile lands between them. A line of JSON is a record by itself.
 *
 * @returns a function that passes on at once what is held.
 */
export function readRecords(input: Readable, onLine: (line: string) => void): () => void {
  let held: string[] = [];
  let quiet: NodeJS.Timeout | undefined;
  let longest: NodeJS.Timeout | undefined;
  const passOn = () => {
    clearTimeout(quiet);
    clearTimeout(longest);
    longest = undefined;
    const lines = held;
    held = [];
    for (const line of lines) onLine(line);
  };
  const lines = createInterface({ input });
  lines.on('line', (line) => {
    held.push(line);
    if (line.startsWith('{"')) return passOn();
    clearTimeout(quiet);
    quiet = setTimeout(passOn, QUIET_MS);
    longest ??= setTimeout(passOn, LONGEST_MS);
  });
  lines.on('close', passOn);
  return passOn;
}
