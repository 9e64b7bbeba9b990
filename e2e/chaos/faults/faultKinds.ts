import type { SupervisedProcess } from '@jobstream/servers';
import type { TcpProxy, TestNats } from '@jobstream/test-support';
import { ACK_WAIT_MS } from '../stage/createApps.ts';
import type { Stage } from '../stage/stage.ts';
import type { FaultKind } from './fault.ts';
import { pauseAll, pauseType } from './pauseType.ts';
import { setClock } from './setClocks.ts';
import { killTwoNodes, stopTwoNodes } from './loseTwoNodes.ts';

function proxyOf({ proxies }: Stage, worker: string): TcpProxy {
  const proxy = proxies.get(worker);
  if (proxy === undefined) throw new Error(`${worker} has no proxy`);
  return proxy;
}

function proxyFault(name: string, breakIt: (proxy: TcpProxy) => void | Promise<void>): FaultKind {
  return {
    name,
    needs: 'one server, with a proxy for each worker',
    targets: ({ proxies }) => [...proxies.keys()],
    holdMs: (random) => random.int(ACK_WAIT_MS / 2, 3 * ACK_WAIT_MS),
    async inject(stage, target) {
      const proxy = proxyOf(stage, target);
      await breakIt(proxy);
      return () => proxy.heal();
    },
  };
}

/** The connection between a worker and the log is reset, and there is no new one. */
const partitionWorker = proxyFault('partition worker', (proxy) => proxy.cut());

/** What the worker sends arrives and no response comes back: it cannot know what was stored. */
const stallToWorker = proxyFault('stall traffic to worker', (proxy) => proxy.pauseDownstream());

/** The worker receives from the log, and what it sends arrives much later. */
const stallFromWorker = proxyFault('stall traffic from worker', (proxy) => proxy.pauseUpstream());

/**
 * The disk of the log is full to the last byte, and then there is room again. A stream whose write has failed takes no
 * more until its server starts again (2.15.1), which is up to the watch of `npm start`: the fault frees the disk alone.
 */
const fillDisk: FaultKind = {
  name: 'fill the disk of nats-server',
  needs: 'one server on a small disk, which only root can mount',
  targets: ({ disk }) => (disk === undefined ? [] : ['nats-1']),
  holdMs: (random) => random.int(1_000, 5_000),
  async inject({ disk }) {
    await disk?.fill();
    return async () => disk?.free();
  },
};

/** SIGSTOP and later SIGCONT: the process keeps its connections and jobs while others go on. */
function freezeApp(app: 'api' | 'worker' | 'projector'): FaultKind {
  return {
    name: `freeze ${app}`,
    targets: (stage) => namesOfKind(stage, app),
    holdMs: (random) => random.int(ACK_WAIT_MS / 2, 3 * ACK_WAIT_MS),
    async inject(stage, target) {
      await appNamed(stage, target).signal('SIGSTOP');
      return async () => appNamed(stage, target).signal('SIGCONT');
    },
  };
}

/** kill -9 of an api, a worker or a projector, which comes back after a while. */
function killApp(app: 'api' | 'worker' | 'projector'): FaultKind {
  return {
    name: `kill ${app}`,
    targets: (stage) => namesOfKind(stage, app),
    holdMs: (random) => random.int(0, 3_000),
    async inject(stage, target) {
      await appNamed(stage, target).kill();
      return () => appNamed(stage, target).start();
    },
  };
}

/** kill -9 of Postgres, which recovers from its write-ahead log when it comes back. */
const killPostgres: FaultKind = {
  name: 'kill postgres',
  targets: () => ['postgres'],
  holdMs: (random) => random.int(0, 4_000),
  async inject({ postgres }) {
    await postgres.kill();
    return () => postgres.restart();
  },
};

const names = ({ nodes }: Stage) => nodes.map((_, index) => `nats-${index + 1}`);

function nodeNamed({ nodes }: Stage, name: string): TestNats {
  const node = nodes[Number(name.split('-')[1]) - 1];
  if (node === undefined) throw new Error(`there is no ${name}`);
  return node;
}

/** kill -9 of a nats-server, the only one or any one of a cluster, which comes back after a while. */
const killNode: FaultKind = {
  name: 'kill nats-server',
  targets: names,
  holdMs: (random) => random.int(0, 4_000),
  async inject(stage, target) {
    await nodeNamed(stage, target).kill();
    return () => nodeNamed(stage, target).restart();
  },
};

/** SIGSTOP of a nats-server: connections stay open and nothing is answered. */
const freezeNode: FaultKind = {
  name: 'freeze nats-server',
  targets: names,
  holdMs: (random) => random.int(500, 7_000),
  async inject(stage, target) {
    await nodeNamed(stage, target).pause();
    return () => nodeNamed(stage, target).resume();
  },
};

/** An orderly stop and start under load, as a new release brings it. */
function stopApp(app: 'api' | 'worker' | 'projector'): FaultKind {
  return {
    name: `restart ${app}`,
    targets: (stage) => namesOfKind(stage, app),
    holdMs: (random) => random.int(0, 500),
    async inject(stage, target) {
      await appNamed(stage, target).stop();
      return () => appNamed(stage, target).start();
    },
  };
}

/** The process of that name. */
function appNamed({ apps }: Pick<Stage, 'apps'>, name: string): SupervisedProcess {
  const found = apps.find((app) => app.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

/** The names of all processes of a kind, such as `worker`. */
function namesOfKind({ apps }: Pick<Stage, 'apps'>, kind: string): readonly string[] {
  return apps.map(({ name }) => name).filter((name) => name.startsWith(kind));
}

/** All ways to break the system. */
export const faultKinds: readonly FaultKind[] = [
  killNode,
  killApp('worker'),
  freezeApp('worker'),
  killPostgres,
  fillDisk,
  partitionWorker,
  killApp('api'),
  killApp('projector'),
  freezeNode,
  freezeApp('api'),
  freezeApp('projector'),
  stallToWorker,
  stallFromWorker,
  stopApp('worker'),
  stopApp('api'),
  setClock('worker'),
  setClock('api'),
  pauseAll,
];

/** For a cluster: half of the faults are the loss of a server, a third of these of two at once. */
export const clusterKinds: readonly FaultKind[] = [
  killNode,
  freezeNode,
  killNode,
  freezeNode,
  killTwoNodes,
  stopTwoNodes,
  killApp('worker'),
  freezeApp('worker'),
  stopApp('worker'),
  killApp('api'),
  killApp('projector'),
  killPostgres,
  setClock('worker'),
  setClock('api'),
];

/** For a log that loses what is older than some seconds: types that are paused for longer, and keepers that are away. */
export const expiryKinds: readonly FaultKind[] = [
  pauseType,
  killApp('projector'),
  pauseType,
  freezeApp('projector'),
  killNode,
  killApp('worker'),
  freezeApp('worker'),
  killPostgres,
];
