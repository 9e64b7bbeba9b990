import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerOptions, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { ListenError, type Logger, type Service } from '@jobstream/runtime';
import { Problem } from '../problems/problem.ts';
import { type ProblemCode, problemType } from '../problems/problemTypes.ts';
import { problemBody } from './handleError.ts';

const codes: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};

export interface HttpServerOptions {
  readonly listener: RequestListener;
  /** The classes of requests and responses; default: those of node:http. */
  readonly messages?: Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>;
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** How long open requests may take to finish after `stop`, in milliseconds. */
  readonly graceMs: number;
  /**
   * How long requests are still accepted after `onStopping`, so that load balancers notice. Default a tenth of
   * `graceMs`, at most 1 s.
   */
  readonly noticeMs?: number;
  readonly onStopping: () => void;
  /** Called when the server closes: long requests must end now. */
  readonly onClosing?: () => void;
  readonly logger: Logger;
}

const serverOptions = {
  headersTimeout: 10_000,
  /** Off: it has no exceptions, so the app has an arrivalDeadline instead. */
  requestTimeout: 0,
  /** Longer than the 60 s of common load balancers: the side that may reuse a connection must be the one to close it. */
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  /** Off: checkRequestHead responds with problem details instead. */
  requireHostHeader: false,
};
const IDLE_SWEEP_MS = 50;

/**
 * The HTTP server as a service. `stop` announces itself, stops listening, lets open requests finish, then closes
 * connections.
 */
export class HttpServer implements Service {
  readonly name = 'http';
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  /** Connections without a request, as browsers open them in advance; Node does not count them as idle. */
  readonly #unused = new Set<Socket>();
  #stopping: Promise<void> | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const onRequest: RequestListener = (req, res) => {
      this.#unused.delete(req.socket);
      if (this.#stopping !== undefined) res.setHeader('Connection', 'close');
      options.listener(req, res);
    };
    this.#server = createServer({ ...serverOptions, ...options.messages }, onRequest);
    this.#server.on('checkExpectation', onRequest);
    this.#server.on('clientError', respondToClientError);
    this.#server.on('connection', (socket: Socket) => this.#watch(socket));
  }

  /** The port of the server; 0 before the start. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  async start(): Promise<void> {
    const { host, port, logger } = this.#options;
    this.#server.listen({ host, port });
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      throw new ListenError({ host, port, setting: 'PORT', cause: error });
    }
    logger.info({ host, port: this.port }, 'listening');
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#drain();
    return this.#stopping;
  }

  async #drain(): Promise<void> {
    if (!this.#server.listening) return;
    const { graceMs, noticeMs = Math.min(graceMs / 10, 1_000), onStopping, onClosing } = this.#options;
    onStopping();
    await pause(noticeMs);
    const closed = once(this.#server, 'close');
    this.#server.close();
    onClosing?.();
    // Connections become idle as their responses are sent, and would then wait for another request.
    const sweep = setInterval(() => this.#closeIdle(), IDLE_SWEEP_MS);
    const cut = setTimeout(() => this.#cut(), graceMs - noticeMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
  }

  #watch(socket: Socket): void {
    this.#unused.add(socket);
    socket.once('close', () => this.#unused.delete(socket));
  }

  #closeIdle(): void {
    this.#server.closeIdleConnections();
    for (const socket of this.#unused) socket.destroy();
  }

  #cut(): void {
    this.#options.logger.warn('closing connections of requests that outlasted the grace period');
    this.#server.closeAllConnections();
  }
}

/** Responds to bytes that are not a valid request and closes the connection; there is no response object yet. */
function respondToClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const problem = new Problem(codes[error.code ?? ''] ?? 'malformed-request');
  const { status } = problemType(problem.code);
  const body = JSON.stringify(problemBody(problem, {}));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
