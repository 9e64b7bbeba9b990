import path from 'node:path';
import { AppProcess, repositoryRoot } from '@jobstream/servers';
import { builtProgram, freePort, guardOfThisProcess } from '@jobstream/test-support';

export type Service = 'api' | 'worker' | 'projector';

/** The services as processes, each with an environment of its own. */
export interface Services extends AsyncDisposable {
  readonly api: string;
}

interface ServicesOptions {
  /** Which of them are started; all by default. */
  readonly only?: readonly Service[];
  /** The root folder of the sources of a service; this repository by default. */
  readonly rootOf?: (service: Service) => string;
}

/** Starts them and waits until each is ready; `envOf` tells what is in the environment of which. */
export async function startServices(
  envOf: (service: Service) => Record<string, string>,
  { only = ['worker', 'projector', 'api'], rootOf = () => repositoryRoot }: ServicesOptions = {},
): Promise<Services> {
  const port = await freePort();
  const lines: string[] = [];
  const services = only.map(
    (name) =>
      new AppProcess({
        name,
        script: builtProgram(path.join(rootOf(name), 'apps', name, 'src', 'main.ts')),
        cwd: rootOf(name),
        env: { PORT: String(port), LOG_LEVEL: 'info', ...envOf(name) },
        graceMs: 15_000,
        guard: guardOfThisProcess(),
        onLine: (line) => lines.push(`${name} ${line}`),
      }),
  );
  const stop = () => Promise.all(services.map((service) => service.stop()));
  try {
    await Promise.all(services.map((service) => service.start()));
  } catch (error) {
    await stop();
    throw new Error(`the services did not start:\n${lines.slice(-20).join('\n')}`, { cause: error });
  }
  return {
    api: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
