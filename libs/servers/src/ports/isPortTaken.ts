/** Whether a server failed to start because another program has its port: how NATS and how Postgres say so. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use|could not create listen socket/i.test(error.message);
}
