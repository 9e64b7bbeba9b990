import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const HOUR_MS = 3_600_000;
/** The time in an answer about a stream or a consumer, to the hour. */
const SERVER_TIME = /("ts":")(\d{4}-\d\d-\d\dT\d\d)/g;
const BEGIN_OF_TIME = '"ts":"';
const LENGTH_OF_TIME = BEGIN_OF_TIME.length + 'yyyy-mm-ddThh'.length;

/**
 * A way to the server on which it says that it is `behindHours` earlier than it is, whole hours: to a worker behind it, its
 * own clock is that much ahead, in whatever language it is written. Timers fire by the true clock.
 */
export class SkewedServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(targetPort: number, behindHours: number): Promise<SkewedServer> {
    const server = createServer();
    const skewed = new SkewedServer(server);
    server.on('connection', (client) => skewed.#join(client, targetPort, behindHours));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return skewed;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, targetPort: number, behindHours: number): void {
    const server = connect({ port: targetPort, host: '127.0.0.1' });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    client.on('data', (bytes) => server.write(bytes));
    let held = '';
    server.on('data', (bytes) => {
      const text = held + bytes.toString('latin1');
      const whole = endOfWholeTimes(text);
      held = text.slice(whole);
      client.write(shifted(text.slice(0, whole), behindHours), 'latin1');
    });
  }
}

/** Where the text must be cut so that no time in it is cut; what comes after it waits for the next bytes. */
function endOfWholeTimes(text: string): number {
  const last = text.lastIndexOf(BEGIN_OF_TIME);
  return last >= 0 && text.length - last < LENGTH_OF_TIME ? last : text.length;
}

/** As long as the text before. */
function shifted(text: string, behindHours: number): string {
  return text.replaceAll(SERVER_TIME, (_all, begin: string, hour: string) => {
    const time = new Date(Date.parse(`${hour}:00:00Z`) - behindHours * HOUR_MS);
    return begin + time.toISOString().slice(0, hour.length);
  });
}
