import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ArchivedMessage } from './archivedMessage.ts';
import { JobIndex } from './jobIndex.ts';
import { jobIdOfMessage } from './archivedMessage.ts';
import type { Block, CheckedFile } from './manifestEntry.ts';
import { padded } from './manifestEntry.ts';
import { encodeLine } from './archivedMessage.ts';
import { sha256 } from './manifestEntry.ts';

/** A segment ready to be written. */
export interface Segment {
  readonly first: number;
  readonly last: number;
  readonly minTime: string;
  readonly maxTime: string;
  readonly blocks: readonly Block[];
  readonly segment: CheckedFile & { readonly body: Uint8Array };
  readonly index: CheckedFile & { readonly body: Uint8Array };
}

const compress = promisify(gzip);
/** Takes two fifths of the time of the default, 6, and half that of 4, whose files are larger. */
const COMPRESSION_LEVEL = 3;

/** Characters of the lines in a block, which is read and unpacked as a whole. */
const BLOCK_CHARS = 256_000;
/** The limits of a segment, which bound the memory of its writer. */
const SEGMENT_MESSAGES = 50_000;
const SEGMENT_CHARS = 32_000_000;

/**
 * Builds a segment: NDJSON in gzip members, so that `zcat` reads the whole file and a reader can unpack one member.
 */
export class SegmentBuilder {
  readonly #members: Buffer[] = [];
  readonly #blocks: Block[] = [];
  readonly #jobs: { jobId: string; block: number }[] = [];
  #lines: string[] = [];
  #blockFirst = 0;
  #blockChars = 0;
  #chars = 0;
  #offset = 0;
  #messages = 0;
  #first = 0;
  #last = 0;
  #minTime = '';
  #maxTime = '';

  get isFull(): boolean {
    return this.#messages >= SEGMENT_MESSAGES || this.#chars >= SEGMENT_CHARS;
  }

  get isEmpty(): boolean {
    return this.#messages === 0;
  }

  /** Adds the next message. @throws RangeError unless its sequence follows the last one. */
  async add(message: ArchivedMessage): Promise<void> {
    const { sequence, recordedAt } = message;
    if (this.#messages > 0 && sequence !== this.#last + 1) {
      throw new RangeError(`expected message ${this.#last + 1} to be archived next, got: ${sequence}`);
    }
    if (this.#messages === 0) [this.#first, this.#minTime, this.#maxTime] = [sequence, recordedAt, recordedAt];
    if (this.#lines.length === 0) this.#blockFirst = sequence;
    if (recordedAt < this.#minTime) this.#minTime = recordedAt;
    if (recordedAt > this.#maxTime) this.#maxTime = recordedAt;
    this.#messages += 1;
    this.#last = sequence;
    this.#push(message);
    if (this.#blockChars >= BLOCK_CHARS) await this.#closeBlock();
  }

  /** Finishes the segment, which must have at least one message. */
  async finish(): Promise<Segment> {
    await this.#closeBlock();
    const name = `segments/${padded(this.#first)}-${padded(this.#last)}`;
    const [body, index] = [Buffer.concat(this.#members), JobIndex.encode(this.#jobs)];
    return {
      first: this.#first,
      last: this.#last,
      minTime: this.#minTime,
      maxTime: this.#maxTime,
      blocks: this.#blocks,
      segment: checked(name, '.ndjson.gz', body),
      index: checked(name, '.index', index),
    };
  }

  #push(message: ArchivedMessage): void {
    const line = encodeLine(message);
    this.#lines.push(line);
    this.#blockChars += line.length;
    this.#chars += line.length;
    const jobId = jobIdOfMessage(message);
    if (jobId !== undefined) this.#jobs.push({ jobId, block: this.#blocks.length });
  }

  async #closeBlock(): Promise<void> {
    if (this.#lines.length === 0) return;
    const member = await compress(this.#lines.join(''), { level: COMPRESSION_LEVEL });
    this.#members.push(member);
    this.#blocks.push({
      offset: this.#offset,
      bytes: member.length,
      first: this.#blockFirst,
      sha256: sha256(member),
    });
    this.#offset += member.length;
    this.#lines = [];
    this.#blockChars = 0;
  }
}

/** The checksum is part of the name: two writers whose compression differs never write to one file. */
function checked(name: string, ending: string, body: Uint8Array): CheckedFile & { readonly body: Uint8Array } {
  const digest = sha256(body);
  return { name: `${name}-${digest.slice(0, 8)}${ending}`, bytes: body.length, sha256: digest, body };
}
