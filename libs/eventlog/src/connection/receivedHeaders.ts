import type { MsgImpl } from '@nats-io/nats-core/internal';
import type { Msg } from '@nats-io/transport-node';

/** The header lines of a received message, each begun and ended by a line break; '' if it has none. */
export type HeaderBlock = string;

/**
 * Returns the headers of a message without parsing them: the client library parses all to return one, which takes longer
 * than decoding the body, and throws at a name that is none, which any program may store.
 */
export function headerBlock(message: Msg): HeaderBlock {
  // All messages of the client library are of this class, whose header bytes no interface offers.
  const { _msg: place, _rdata: bytes } = message as MsgImpl;
  return place.hdr > 0 ? Buffer.from(bytes.buffer, bytes.byteOffset, place.hdr).toString() : '';
}

/**
 * Returns the header of this name that the writer of a message sent, the first if there are several, since that is the one
 * that the server acts on.
 */
export function writtenHeader(block: HeaderBlock, name: string): string | undefined {
  return valueAt(block, name, block.indexOf(lineOf(name)));
}

/**
 * Returns a header that the server added to a stored message behind those of its writer, who may have sent headers of the
 * same name.
 */
export function addedHeader(block: HeaderBlock, name: string): string | undefined {
  return valueAt(block, name, block.lastIndexOf(lineOf(name)));
}

/** Returns what the writer of a stored message sent: the part before the header that the server adds first. */
export function writtenPart(block: HeaderBlock, firstAdded: string): HeaderBlock {
  const added = block.lastIndexOf(lineOf(firstAdded));
  return added < 0 ? block : block.slice(0, added);
}

/** Returns all headers of a message, of each name the first. */
export function allHeaders(block: HeaderBlock): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of block.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

const lines = new Map<string, string>();

/** What a header line of this name begins with. There are few names, and joining the parts anew costs more than the search. */
function lineOf(name: string): string {
  let line = lines.get(name);
  if (line === undefined) lines.set(name, (line = `\r\n${name}:`));
  return line;
}

function valueAt(block: HeaderBlock, name: string, line: number): string | undefined {
  if (line < 0) return undefined;
  const value = line + lineOf(name).length;
  return block.slice(value, block.indexOf('\r\n', value)).trim() || undefined;
}
