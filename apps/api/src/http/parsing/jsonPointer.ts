/** A path into a JSON value as RFC 6901 writes it; the empty text is the whole value. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

// A name may be as long as a body, and must not be repeated twenty times in the response.
const MAX_POINTER_LENGTH = 500;

/** As jsonPointer, but the empty text for a path that is too long for a response. */
export function shortPointer(path: readonly PropertyKey[]): string {
  const pointer = jsonPointer(path);
  return pointer.length > MAX_POINTER_LENGTH ? '' : pointer;
}
