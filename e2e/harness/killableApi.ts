import path from 'node:path';
import { AppProcess, freePort, repositoryRoot } from '@jobstream/servers';
import { builtProgram } from '@jobstream/test-support';
import type { RunningSystem } from '@jobstream/test-support';

/** An API process beside that of a system, on the same servers, which can be killed. */
export interface KillableApi extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Kills it with -9 and starts it again on the same port; resolves when it is ready. */
  killAndRestart(): Promise<void>;
}

export async function startKillableApi(
  { natsAs, postgres }: RunningSystem,
  settings: Record<string, string> = {},
): Promise<KillableApi> {
  const port = await freePort();
  const env = {
    ...process.env,
    NATS_URL: natsAs.api,
    DATABASE_URL: postgres,
    PORT: String(port),
    LOG_LEVEL: 'silent',
    ...settings,
  };
  const script = builtProgram(path.join(repositoryRoot, 'apps/api/src/main.ts'));
  const app = new AppProcess({ name: 'api', script, cwd: repositoryRoot, env, onLine: () => {}, graceMs: 5_000 });
  await app.start();
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async killAndRestart() {
      await app.kill();
      await app.start();
    },
    [Symbol.asyncDispose]: () => app.stop(),
  };
}
