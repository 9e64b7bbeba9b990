/** A handler for threads that says when it has begun, ignores its signal, and ends when the main thread tells it to. */
export default function hold(held: SharedArrayBuffer | undefined): string {
  if (held === undefined) return 'ended';
  const state = new Int32Array(held);
  Atomics.store(state, 0, 1);
  Atomics.wait(state, 1, 0);
  return 'ended';
}
