import { foldStack } from '@jobstream/client';
import { prettyFactory } from 'pino-pretty';

export interface PrefixedLogOptions {
  write: (text: string) => void;
  colours: boolean;
  /** Lines pass as the apps wrote them, for a program that reads them. */
  json: boolean;
}

/** Writes one line of one process. */
export type WriteLine = (name: string, line: string) => void;

const width = 'projector'.length;

/** One log for all processes: `api       | …`, with the apps' JSON lines made readable. */
export function prefixedLog({ write, colours, json }: PrefixedLogOptions): WriteLine {
  if (json) return (_name, line) => write(`${line}\n`);
  const readable = prettyFactory({
    colorize: colours,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,service,name',
  });
  return (name, line) => {
    const text = line.startsWith('{') ? readable(withFoldedStacks(line)) : line;
    for (const part of text.trimEnd().split('\n')) write(`${name.padEnd(width)} | ${part}\n`);
  };
}

/** The record with the stacks of its errors as people read them; a line that is none as it is. */
function withFoldedStacks(line: string): string {
  if (!line.includes('"stack":')) return line;
  try {
    return JSON.stringify(
      JSON.parse(line, (name, value: unknown) => (isStack(name, value) ? foldStack(value) : value)),
    );
  } catch {
    return line;
  }
}

function isStack(name: string, value: unknown): value is string {
  return name === 'stack' && typeof value === 'string';
}
