import { setTimeout as pause } from 'node:timers/promises';

export interface Readiness {
  /** Resolves when the server answers. */
  probe: () => Promise<void>;
  /** False when waiting on is useless. */
  alive: () => boolean;
  timeoutMs: number;
}

/** Probes until the server answers; false when it ended or the time is up. */
export async function waitUntilReady({ probe, alive, timeoutMs }: Readiness): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (alive() && Date.now() < deadline) {
    const ready = await probe().then(
      () => true,
      () => false,
    );
    if (ready) return alive();
    await pause(20);
  }
  return false;
}
