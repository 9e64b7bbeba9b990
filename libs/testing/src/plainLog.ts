const HEADER_BYTES = 8;
const LENGTH_AT = 4;

/** The text of a container's log, which the engine hands out in frames: kind of stream, length, bytes. */
export function plainLog(frames: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= frames.length;) {
    const end = at + HEADER_BYTES + frames.readUInt32BE(at + LENGTH_AT);
    parts.push(frames.subarray(at + HEADER_BYTES, end));
    at = end;
  }
  return Buffer.concat(parts).toString('utf8');
}
