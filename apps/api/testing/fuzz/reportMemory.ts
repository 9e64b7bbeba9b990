/** Preloaded into an API process with `--expose-gc`: answers each message with the memory in use after a collection. */
process.on('message', () => {
  globalThis.gc?.();
  process.send?.({ memory: process.memoryUsage() });
});
process.channel?.unref();
