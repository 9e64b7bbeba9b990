import path from 'node:path';
import { AppProcess, freePort, repositoryRoot } from '@jobstream/servers';
import { builtProgram, guardOfThisProcess } from '@jobstream/test-support';

/** An API process that can be killed and frozen. */
export interface ApiProcess extends AsyncDisposable {
  readonly url: string;
  /** Kills it with -9. */
  kill(): Promise<void>;
  /** Starts it again after it was killed, at the same address. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** Starts an API on a free port and waits until it is ready. */
export async function startApiProcess(env: Record<string, string>): Promise<ApiProcess> {
  const port = await freePort();
  const app = new AppProcess({
    name: 'api',
    script: builtProgram(path.join(repositoryRoot, 'apps/api/src/main.ts')),
    cwd: repositoryRoot,
    env: { PORT: String(port), LOG_LEVEL: 'silent', ...env },
    graceMs: 15_000,
    guard: guardOfThisProcess(),
    onLine: () => {},
  });
  await app.start();
  const signal = (name: NodeJS.Signals) => {
    if (app.pid !== undefined) process.kill(app.pid, name);
  };
  return {
    url: `http://127.0.0.1:${port}`,
    kill: () => app.kill(),
    start: () => app.start(),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    [Symbol.asyncDispose]: () => app.stop(),
  };
}
