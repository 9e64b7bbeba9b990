import { isUtf8 } from 'node:buffer';

/** A message of the log, byte for byte as in the stream. */
export interface ArchivedMessage {
  readonly sequence: number;
  readonly subject: string;
  /** The server's clock, RFC 3339. */
  readonly recordedAt: string;
  /** The headers from its writer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

interface Line extends Omit<ArchivedMessage, 'body'> {
  /** The body, where it is UTF-8. */
  readonly text?: string;
  /** The body, where it is not. */
  readonly base64?: string;
}

/** Encodes a message as a line of NDJSON. */
export function encodeLine({ body, ...rest }: ArchivedMessage): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const line: Line = isUtf8(bytes)
    ? { ...rest, text: bytes.toString() }
    : { ...rest, base64: bytes.toString('base64') };
  return `${JSON.stringify(line)}\n`;
}

/** Decodes lines of NDJSON. */
export function decodeLines(text: string): ArchivedMessage[] {
  return text.split('\n').slice(0, -1).map(decodeLine);
}

function decodeLine(line: string): ArchivedMessage {
  const { text, base64 = '', ...rest } = JSON.parse(line) as Line;
  return { ...rest, body: text === undefined ? Buffer.from(base64, 'base64') : Buffer.from(text) };
}

/** The job in the subject `jobs.<type>.<id>.<event>`; undefined for messages that are not about a job. */
export function jobIdOfMessage({ subject }: Pick<ArchivedMessage, 'subject'>): string | undefined {
  const [owner, , jobId] = subject.split('.', 3);
  return owner === 'jobs' ? jobId : undefined;
}
