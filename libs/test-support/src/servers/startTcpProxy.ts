import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { freePort } from '@jobstream/servers';

/** A loopback proxy in front of a server, with which a test can interrupt the connection in several ways. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Resets all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Undoes `cut` and both pauses; delivers the bytes that a pause held back. */
  heal(): Promise<void>;
  /** Leads new connections to another port of the loopback interface. */
  redirect(targetPort: number): void;
  /** Holds back the bytes of clients; those of the server still arrive. */
  pauseUpstream(): void;
  /** Holds back the bytes of the server: a request reaches it, the response does not arrive. */
  pauseDownstream(): void;
  /** Lets the bytes that clients send from now on arrive `ms` later; to be changed while none are on their way. */
  delayUpstream(ms: number): void;
}

interface Link {
  client: Socket;
  server: Socket;
}

interface State {
  targetPort: number;
  links: Set<Link>;
  upstreamPaused: boolean;
  downstreamPaused: boolean;
  upstreamDelayMs: number;
}

/** Starts a proxy on a free loopback port to a port of the loopback interface. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const state: State = {
    targetPort,
    links: new Set(),
    upstreamPaused: false,
    downstreamPaused: false,
    upstreamDelayMs: 0,
  };
  const port = await freePort();
  const server = createServer({ allowHalfOpen: true }, (client) => join(client, state));
  await listen(server, port);
  return {
    port,
    cut: () => cut(server, state),
    async heal() {
      setPauses(state, { upstreamPaused: false, downstreamPaused: false });
      if (!server.listening) await listen(server, port);
    },
    redirect: (other) => void (state.targetPort = other),
    pauseUpstream: () => setPauses(state, { upstreamPaused: true }),
    pauseDownstream: () => setPauses(state, { downstreamPaused: true }),
    delayUpstream: (ms) => void (state.upstreamDelayMs = ms),
    [Symbol.asyncDispose]: () => cut(server, state),
  };
}

/** Starts a proxy to the server of a database; `url` is the URL of the database through the proxy. */
export async function startDatabaseProxy(databaseUrl: string): Promise<TcpProxy & { readonly url: string }> {
  const url = new URL(databaseUrl);
  const proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  return { ...proxy, url: url.href };
}

function join(client: Socket, state: State): void {
  const server = connect({ port: state.targetPort, host: '127.0.0.1', allowHalfOpen: true });
  const link = { client, server };
  state.links.add(link);
  const broken = () => drop(link, state);
  forward(client, server, broken);
  forward(server, client, broken);
  client.on('data', (chunk) => {
    if (state.upstreamDelayMs === 0) server.write(chunk);
    else setTimeout(() => server.write(chunk), state.upstreamDelayMs);
  });
  server.on('data', (chunk) => client.write(chunk));
  apply(link, state);
}

function forward(from: Socket, to: Socket, broken: () => void): void {
  from.setNoDelay(true);
  from.on('end', () => to.end());
  from.on('error', broken);
  from.on('close', broken);
}

function drop(link: Link, state: State): void {
  if (!state.links.delete(link)) return;
  link.client.resetAndDestroy();
  link.server.resetAndDestroy();
}

async function cut(server: Server, state: State): Promise<void> {
  const closed = server.listening ? once(server, 'close') : undefined;
  server.close();
  for (const link of state.links) drop(link, state);
  await closed;
}

function setPauses(state: State, change: Partial<State>): void {
  Object.assign(state, change);
  for (const link of state.links) apply(link, state);
}

function apply({ client, server }: Link, { upstreamPaused, downstreamPaused }: State): void {
  if (upstreamPaused) client.pause();
  else client.resume();
  if (downstreamPaused) server.pause();
  else server.resume();
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}
