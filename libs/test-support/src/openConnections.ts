import { Socket } from 'node:net';

/**
 * Node keeps connections of HTTP requests for the next ones, and closes them by itself. A pool of `pg` has said goodbye when it
 * has ended, and does not wait for the server.
 */
const NOT_OURS = /node:internal\/deps\/undici|node:_http_agent|\/pg-pool\//;
/** A proxy of the tests closes its connections after those of its clients. */
const PROXY = /\/test-support\/src\/servers\//;
const OF_WATCHES = /\/test-support\/src\/(?:openConnections|leftOpenBy|awaitedPauses)\.ts/;
const FRAMES = 30;

interface Opened {
  readonly socket: Socket;
  /** Where in our code it was opened. */
  readonly at: string;
}

/** The connections that this process has opened. */
class Connections {
  #opened: Opened[] = [];

  /** From now on connections are known; called once. */
  watch(): this {
    const add = (socket: Socket) => this.#add(socket);
    Socket.prototype.connect = new Proxy(Reflect.get<typeof Socket.prototype, 'connect'>(Socket.prototype, 'connect'), {
      apply(connect, socket: Socket, target: Parameters<Socket['connect']>) {
        add(socket);
        return connect.apply(socket, target);
      },
    });
    return this;
  }

  get open(): readonly Opened[] {
    this.#opened = this.#opened.filter(({ socket }) => !socket.destroyed);
    return this.#opened;
  }

  #add(socket: Socket): void {
    const stack = stackHere();
    const own = ownFrames(stack);
    if (own[0] === undefined || PROXY.test(own[0]) || NOT_OURS.test(stack)) return;
    this.#opened.push({ socket, at: own.join(' ') });
  }
}

const connections = new Connections().watch();

/** Returns a sentence for each connection that this process has opened and not closed, besides those that are known. */
export function openConnections(known: ReadonlySet<Socket> = new Set()): string[] {
  return connections.open.filter(({ socket }) => !known.has(socket)).map(sentenceOn);
}

/** Returns the connections that are open now. */
export function socketsNow(): ReadonlySet<Socket> {
  return new Set(connections.open.map(({ socket }) => socket));
}

function sentenceOn({ socket, at }: Opened): string {
  return `a connection to port ${socket.remotePort} is still open: it was opened ${at}`;
}

/** The calls that have led here. */
export function stackHere(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  const { stack = '' } = new Error('opened');
  Error.stackTraceLimit = stackTraceLimit;
  return stack;
}

/** Those of a stack that are in our code, the innermost first. */
export function ownFrames(stack: string): string[] {
  const own = stack.split('\n').filter((line) => line.includes('.ts:') && !OF_WATCHES.test(line));
  return own.map((line) => line.trim());
}
