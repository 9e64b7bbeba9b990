import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** The protected header: readable, and authenticated with the rest. */
export interface JweHeader {
  /** The id of the key that opens it. */
  readonly kid: string;
  /** The job that it belongs to, where the key is not that of a single job. */
  readonly job?: string;
}

const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const;
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts with a key of 32 bytes. Returns a JWE in compact form (RFC 7516 with `dir` and `A256GCM`), which any JOSE library
 * opens. `jose` itself takes four to ten times the CPU and is asynchronous: docs/decisions/0019 has the figures.
 */
export function seal(plaintext: Uint8Array, key: Uint8Array, header: JweHeader): string {
  const protectedHeader = Buffer.from(JSON.stringify({ ...ALGORITHMS, ...header })).toString('base64url');
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(protectedHeader, 'ascii'));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const parts = [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return [protectedHeader, '', ...parts].join('.');
}

/** Returns the header of a sealed text, undefined for any other text. */
export function headerOf(token: string): JweHeader | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString());
    return isOurs(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

/** Decrypts; throws an Error when the key is another one or the text was changed. */
export function open(token: string, key: Uint8Array): Uint8Array {
  const [protectedHeader = '', , ...rest] = token.split('.');
  const [iv, ciphertext, tag] = rest.map((part) => Buffer.from(part, 'base64url'));
  if (iv?.length !== IV_BYTES || ciphertext === undefined || tag?.length !== TAG_BYTES)
    throw new Error('not a sealed text');
  const decipher = createDecipheriv(CIPHER, key, iv).setAAD(Buffer.from(protectedHeader, 'ascii')).setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

function isOurs(header: unknown): header is JweHeader {
  if (typeof header !== 'object' || header === null) return false;
  const { alg, enc, kid } = header as Partial<JweHeader & typeof ALGORITHMS>;
  return alg === ALGORITHMS.alg && enc === ALGORITHMS.enc && typeof kid === 'string';
}
