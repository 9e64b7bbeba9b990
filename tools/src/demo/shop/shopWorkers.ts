import path from 'node:path';
import { AppProcess, repositoryRoot, SupervisedProcess, type Guard } from '@jobstream/servers';
import type { Release } from './shopPlan.ts';

interface ShopWorkersOptions {
  /** With `NATS_URL`, and the settings of the system that its workers share. */
  readonly env: NodeJS.ProcessEnv;
  readonly guard: Guard;
  readonly say: (line: string) => void;
}

const GRACE_MS = 15_000;

/** The processes that run the jobs of the shop: two for orders, and one for imports, which is started anew when it is lost. */
export class ShopWorkers {
  readonly #options: ShopWorkersOptions;
  #orders: readonly SupervisedProcess[] = [];
  readonly #imports: SupervisedProcess;

  constructor(options: ShopWorkersOptions) {
    this.#options = options;
    this.#imports = this.#worker('imports', '2.3.1');
  }

  async start(): Promise<void> {
    await Promise.all([this.#imports.start(), this.deploy('2.3.1')]);
  }

  /** Starts the workers of a release before those of the earlier one finish their jobs and end. */
  async deploy(release: Release): Promise<void> {
    const earlier = this.#orders;
    this.#orders = ['shop-1', 'shop-2'].map((name) => this.#worker(name, release));
    await Promise.all(this.#orders.map((worker) => worker.start()));
    await Promise.all(earlier.map((worker) => worker.stop()));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#imports, ...this.#orders].map((worker) => worker.stop()));
  }

  #worker(name: string, release: Release): SupervisedProcess {
    const { env, guard, say } = this.#options;
    const script = path.join(import.meta.dirname, 'shopWorker.ts');
    const settings = { ...env, WORKER_NAME: name, WORKER_VERSION: release, HEALTH_PORT: undefined, SHOP_ROLE: name };
    const app = { name, script, cwd: repositoryRoot, env: settings, graceMs: GRACE_MS, guard, onLine: say };
    return new SupervisedProcess(new AppProcess(app), { name, startAttempts: 3, report: say });
  }
}
