import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The parts of a key, `jsk_<id>_<secret><checksum>` in hexadecimal digits; secret scanners search for the prefix. */
export interface ApiKeyText {
  /** Public: it appears in lists, logs and events. */
  readonly id: string;
  readonly secret: string;
}

const FORMAT = /^jsk_([0-9a-f]{16})_([0-9a-f]{64})([0-9a-f]{8})$/;
const ID_BYTES = 8;
const SECRET_BYTES = 32;

/** A new id and a secret of 256 random bits. */
export function newApiKey(): ApiKeyText {
  return { id: randomBytes(ID_BYTES).toString('hex'), secret: randomBytes(SECRET_BYTES).toString('hex') };
}

/** Formats the key for its owner, who sees it once. */
export function formatApiKey(key: ApiKeyText): string {
  return `${bodyOf(key)}${checksumOf(key)}`;
}

/** Parses a key; undefined if it is none. The checksum detects typing mistakes without a query. */
export function parseApiKey(text: string): ApiKeyText | undefined {
  const [, id, secret, checksum] = FORMAT.exec(text) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  return checksum === checksumOf({ id, secret }) ? { id, secret } : undefined;
}

/** The stored hash of a secret. SHA-256 is enough, since 256 random bits cannot be guessed however fast a guess is. */
export function hashOfSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

function bodyOf({ id, secret }: ApiKeyText): string {
  return `jsk_${id}_${secret}`;
}

function checksumOf(key: ApiKeyText): string {
  return crc32(bodyOf(key)).toString(16).padStart(8, '0');
}
