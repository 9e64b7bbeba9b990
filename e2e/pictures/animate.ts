import { crc32 } from 'node:zlib';

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

const SIGNATURE_BYTES = 8;

/**
 * Joins PNG pictures of one size into an animated PNG (APNG), which shows each for a time and begins anew.
 *
 * @throws Error when the pictures differ in size or kind of colours.
 */
export function animate(pictures: readonly Buffer[], delayMs: number): Buffer {
  const frames = pictures.map(chunksOf);
  const header = frames[0]?.find(({ type }) => type === 'IHDR')?.data;
  if (header === undefined) throw new Error('an animation needs pictures');
  if (frames.some((chunks) => chunks[0]?.data.equals(header) !== true)) throw new Error('the pictures are not alike');
  let sequence = 0;
  const parts = frames.flatMap((chunks, index) => [
    chunk('fcTL', numbers(sequence++, header.readUInt32BE(0), header.readUInt32BE(4), 0, 0), timing(delayMs)),
    ...chunks
      .filter(({ type }) => type === 'IDAT')
      // The first one is a picture for those who know no animations.
      .map(({ data }) => (index === 0 ? chunk('IDAT', data) : chunk('fdAT', numbers(sequence++), data))),
  ]);
  const begin = [
    pictures[0]?.subarray(0, SIGNATURE_BYTES) ?? Buffer.of(),
    chunk('IHDR', header),
    chunk('acTL', numbers(frames.length, 0)),
  ];
  return Buffer.concat([...begin, ...parts, chunk('IEND')]);
}

/** The number of pictures in an animation; 0 for a PNG that is none. */
export function framesIn(animation: Buffer): number {
  return chunksOf(animation).filter(({ type }) => type === 'fcTL').length;
}

function chunksOf(picture: Buffer): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE_BYTES; at < picture.length;) {
    const length = picture.readUInt32BE(at);
    chunks.push({ type: picture.toString('latin1', at + 4, at + 8), data: picture.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

function chunk(type: string, ...data: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), ...data]);
  return Buffer.concat([numbers(body.length - 4), body, numbers(crc32(body))]);
}

function numbers(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, index * 4);
  return buffer;
}

/** How long a frame is shown, in thousandths of a second; it is left as it is, and replaces what was there. */
function timing(delayMs: number): Buffer {
  const buffer = Buffer.alloc(6);
  buffer.writeUInt16BE(delayMs, 0);
  buffer.writeUInt16BE(1_000, 2);
  return buffer;
}
