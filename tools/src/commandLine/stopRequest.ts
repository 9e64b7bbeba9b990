/** One Ctrl-C may arrive several times, from the terminal, npm and the bootstrap. */
const sameCtrlCMs = 1_000;

/** Resolves when somebody asks us to stop. Asked again later, it calls `force`. */
export function stopRequest(force: () => void): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const requested = () => {
      const now = Date.now();
      if (firstAt !== undefined && now - firstAt > sameCtrlCMs) force();
      firstAt ??= now;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, requested);
  });
}
