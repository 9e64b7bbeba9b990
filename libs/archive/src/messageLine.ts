import { isUtf8 } from 'node:buffer';
import type { ArchivedMessage } from './archivedMessage.ts';

interface Line extends Omit<ArchivedMessage, 'body'> {
  /** The body, where it is UTF-8. */
  readonly text?: string;
  /** The body, where it is not. */
  readonly base64?: string;
}

/** A message as a line of NDJSON. */
export function encodeLine({ body, ...rest }: ArchivedMessage): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const line: Line = isUtf8(bytes)
    ? { ...rest, text: bytes.toString() }
    : { ...rest, base64: bytes.toString('base64') };
  return `${JSON.stringify(line)}\n`;
}

/** The messages of lines of NDJSON. */
export function decodeLines(text: string): ArchivedMessage[] {
  return text.split('\n').slice(0, -1).map(decodeLine);
}

function decodeLine(line: string): ArchivedMessage {
  const { text, base64 = '', ...rest } = JSON.parse(line) as Line;
  return { ...rest, body: text === undefined ? Buffer.from(base64, 'base64') : Buffer.from(text) };
}
