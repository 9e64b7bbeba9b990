import { Socket } from 'node:net';

/**
 * Node keeps connections of HTTP requests for the next ones, and closes them by itself. A pool of `pg` has said goodbye when it
 * has ended, and does not wait for the server.
 */
const NOT_OURS = /node:internal\/deps\/undici|node:_http_agent|\/pg-pool\//;
/** A proxy of the tests closes its connections after those of its clients. */
const PROXY = /\/test-support\/src\/servers\//;
/** The client library connects from a place where ours has long been left. */
const OF_NATS = /\/@nats-io\/transport-node\//;
const OF_WATCHES = /\/test-support\/src\/everyTest\//;
const FRAMES = 30;

/** A connection, and the calls that have opened it. */
class Opened {
  readonly socket: Socket;
  readonly #calls = callsHere();

  constructor(socket: Socket) {
    this.socket = socket;
  }

  get isOurs(): boolean {
    const [first] = ownFrames(this.#calls());
    return first !== undefined && !PROXY.test(first) && !NOT_OURS.test(this.#calls());
  }

  get isOfNats(): boolean {
    return OF_NATS.test(this.#calls());
  }

  /** Where in our code it was opened. */
  get at(): string {
    return ownFrames(this.#calls()).join(' ');
  }
}

/** The connections that this process has opened. */
class Connections {
  #opened: Opened[] = [];

  /** From now on connections are known; called once. */
  watch(): this {
    const add = (socket: Socket) => this.#opened.push(new Opened(socket));
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
}

const connections = new Connections().watch();

/** Returns a sentence for each connection that this process has opened and not closed, besides those that are known. */
export function openConnections(known: ReadonlySet<Socket> = new Set()): string[] {
  return connections.open.filter((one) => one.isOurs && !known.has(one.socket)).map(sentenceOn);
}

/** As `openConnections`, of those that the client library of NATS has opened. */
export function openNatsConnections(known: ReadonlySet<Socket>): string[] {
  const left = connections.open.filter((one) => one.isOfNats && !known.has(one.socket));
  return left.map(({ socket }) => `a connection to NATS at port ${socket.remotePort} is still open`);
}

/** Returns the connections that are open now. */
export function socketsNow(): ReadonlySet<Socket> {
  return new Set(connections.open.map(({ socket }) => socket));
}

function sentenceOn({ socket, at }: Opened): string {
  return `a connection to port ${socket.remotePort} is still open: it was opened ${at}`;
}

/** Returns what tells the calls that have led here. They are put into words when they are asked for, which takes long. */
export function callsHere(): () => string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  const here = new Error('here');
  Error.stackTraceLimit = stackTraceLimit;
  return () => here.stack ?? '';
}

/** Those of a stack that are in our code, the innermost first. */
export function ownFrames(stack: string): string[] {
  const own = stack.split('\n').filter((line) => line.includes('.ts:') && !OF_WATCHES.test(line));
  return own.map((line) => line.trim());
}
