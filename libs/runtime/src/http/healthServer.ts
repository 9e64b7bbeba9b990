import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListenError } from './listenError.ts';
import type { Logger } from '../service/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Readiness } from './readiness.ts';
import type { Service } from '../service/service.ts';

export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes any free port; without a port the server stays off. */
  readonly port: number | undefined;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const LIVE_PAGE: Page = { status: 200, type: JSON_TYPE, body: '{"status":"live"}' };
const NO_PAGE: Page = { status: 404, type: JSON_TYPE, body: '{"status":"not found"}' };
/** Short, because probes and scrapers are few and on the same network. */
const timeouts = { headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 65_000 };

/** Serves `/health/live`, `/health/ready` and `/metrics` for a process without another HTTP server. */
export class HealthServer implements Service {
  readonly name = 'health';
  readonly #options: HealthServerOptions;
  readonly #pages: ReadonlyMap<string, () => Page | Promise<Page>>;
  readonly #server: Server;

  constructor(options: HealthServerOptions) {
    this.#options = options;
    const ready = () => readyPage(options.readiness);
    this.#pages = new Map<string, () => Page | Promise<Page>>([
      ['/health/live', () => LIVE_PAGE],
      ['/livez', () => LIVE_PAGE],
      ['/health/ready', ready],
      ['/readyz', ready],
      ['/metrics', () => metricsPage(options.metrics)],
    ]);
    this.#server = createServer(timeouts, (req, res) => void this.#answer(req, res));
  }

  /** The port in use; 0 before the start. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  async start(): Promise<void> {
    const { host, port, logger } = this.#options;
    if (port === undefined) return;
    this.#server.listen({ host, port });
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      throw new ListenError({ host, port, setting: 'HEALTH_PORT', cause: error });
    }
    logger.info({ host, port: this.port }, 'health and metrics');
  }

  /** Closes open connections so that probes fail fast. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      send(req, res, await this.#page(req));
    } catch (error) {
      this.#options.logger.error({ err: error, path: req.url }, 'a probe or scrape could not be answered');
      send(req, res, { status: 500, type: JSON_TYPE, body: '{"status":"failed"}' });
    }
  }

  #page({ url = '', method = '' }: IncomingMessage): Page | Promise<Page> {
    const page = this.#pages.get(url.split('?')[0] ?? '');
    return page === undefined || !['GET', 'HEAD'].includes(method) ? NO_PAGE : page();
  }
}

async function readyPage(readiness: Readiness): Promise<Page> {
  const { ready, stopping, ...details } = await readiness.report();
  const status = stopping ? 'stopping' : ready ? 'ready' : 'not ready';
  return { status: ready ? 200 : 503, type: JSON_TYPE, body: JSON.stringify({ status, ...details }) };
}

async function metricsPage(metrics: Metrics): Promise<Page> {
  return { status: 200, type: metrics.contentType, body: await metrics.text() };
}

function send(req: IncomingMessage, res: ServerResponse, { status, type, body }: Page): void {
  const length = Buffer.byteLength(body);
  res.writeHead(status, { 'content-type': type, 'content-length': length, 'cache-control': 'no-store' });
  res.end(req.method === 'HEAD' ? undefined : body);
}
