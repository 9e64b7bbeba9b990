import type { Msg } from '@nats-io/transport-node';

/**
 * Returns the header of this name that the writer of a message sent, the first if there are several, since that is the one
 * that the server acts on. The client library throws at a name that is none, which any program may store: then the
 * message counts as one without headers.
 */
export function writtenHeader(message: Msg, name: string): string | undefined {
  return writtenHeaders(message)?.get(name) || undefined;
}

/** Returns all headers that the writer of a message sent, as `writtenHeader`. */
export function writtenHeaders(message: Msg): Msg['headers'] {
  try {
    return message.headers;
  } catch {
    return undefined;
  }
}

const HEADERS_BEGIN = 'NATS/1.0';
const HEADERS_END = '\r\n\r\n';

/**
 * Returns a header that the server added to a stored message behind those of its writer, who may have sent headers of the
 * same name, or names that are none. Undefined if the server added none.
 */
export function addedHeader(message: Msg, name: string): string | undefined {
  return addedHeaders(message)(name);
}

/** As `addedHeader`, for several headers of one message. */
export function addedHeaders({ data }: Msg): (name: string) => string | undefined {
  // Bodies are views of the received bytes, in which the headers come right before the body.
  const before = Buffer.from(data.buffer, 0, data.byteOffset);
  const begin = before.lastIndexOf(HEADERS_BEGIN);
  const end = before.length - HEADERS_END.length;
  if (begin < 0 || before.lastIndexOf(HEADERS_END) !== end) return () => undefined;
  const headers = before.toString('latin1', begin, end + 2);
  return (name) => {
    const line = headers.lastIndexOf(`\r\n${name}: `);
    if (line < 0) return undefined;
    const value = line + name.length + 4;
    return headers.slice(value, headers.indexOf('\r\n', value));
  };
}
