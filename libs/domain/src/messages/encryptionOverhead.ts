/** Of the header and the tag of what is encrypted. */
const SEAL_BYTES = 200;

/** Estimates how many bytes encryption adds to a value of `plainBytes` bytes of JSON: a third for base64, and those of its seal. */
export function encryptionOverhead(plainBytes: number): number {
  return Math.ceil(plainBytes / 3) + SEAL_BYTES;
}
