import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { MetricsRegistry } from './registryMetrics.ts';

export interface WorkerHealthOptions {
  readonly port: number;
  /** Whether jobs are accepted now. */
  readonly isReady: () => boolean;
  readonly metrics: MetricsRegistry | undefined;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const NOT_FOUND: Page = { status: 404, type: JSON_TYPE, body: '{"status":"not found"}' };

/** Serves `/health/live`, `/health/ready` and, with a registry, `/metrics`, on all addresses of the machine. */
export class WorkerHealth {
  readonly #options: WorkerHealthOptions;
  #server: Server | undefined;

  constructor(options: WorkerHealthOptions) {
    this.#options = options;
  }

  /** @throws the error of Node when the port is taken. */
  async start(): Promise<void> {
    const { createServer } = await import('node:http');
    this.#server = createServer((req, res) => void this.#answer(req.url ?? '', res));
    this.#server.listen(this.#options.port);
    await once(this.#server, 'listening');
  }

  /** Closes open connections so that probes fail fast. */
  async stop(): Promise<void> {
    if (this.#server?.listening !== true) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(url: string, res: ServerResponse): Promise<void> {
    const { status, type, body } = await this.#page(url);
    res.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  }

  async #page(url: string): Promise<Page> {
    const { isReady, metrics } = this.#options;
    if (url === '/health/live') return { status: 200, type: JSON_TYPE, body: '{"status":"live"}' };
    if (url === '/health/ready') {
      const ready = isReady();
      return { status: ready ? 200 : 503, type: JSON_TYPE, body: `{"status":"${ready ? 'ready' : 'not ready'}"}` };
    }
    if (url !== '/metrics' || metrics === undefined) return NOT_FOUND;
    return metrics.metrics().then(
      (body) => ({ status: 200, type: metrics.contentType, body }),
      () => ({ status: 500, type: JSON_TYPE, body: '{"status":"failed"}' }),
    );
  }
}
