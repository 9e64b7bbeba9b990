/** Loaded before an API process, with `--expose-gc`: answers each message with the memory in use once garbage is gone. */
process.on('message', () => {
  globalThis.gc?.();
  process.send?.({ memory: process.memoryUsage() });
});
process.channel?.unref();
