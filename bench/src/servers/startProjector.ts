import { AppProcess, repositoryRoot } from '@jobstream/servers';
import { eventually, guardOfThisProcess } from '@jobstream/test-support';

export interface RunningProjector extends AsyncDisposable {
  readonly pid: number;
}

/** Starts a projector process and waits until it projects. */
export async function startProjector(settings: Record<string, string>): Promise<RunningProjector> {
  const lines: string[] = [];
  const app = new AppProcess({
    name: 'projector',
    script: 'apps/projector/src/main.ts',
    cwd: repositoryRoot,
    env: { ...process.env, HEALTH_PORT: '0', LOG_LEVEL: 'info', ...settings },
    onLine: (line) => lines.push(line),
    graceMs: 10_000,
    guard: guardOfThisProcess(),
  });
  await app.start();
  const projecting = () => {
    if (!lines.some((line) => line.includes('"projecting"'))) throw new Error(`not projecting:\n${lines.join('\n')}`);
  };
  await eventually(projecting, { timeoutMs: 40_000 });
  return { pid: app.pid ?? 0, [Symbol.asyncDispose]: () => app.stop() };
}
