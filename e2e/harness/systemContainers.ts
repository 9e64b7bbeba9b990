import { readFileSync } from 'node:fs';
import path from 'node:path';
import { natsPasswordVariable, natsUsers, repositoryRoot } from '@jobstream/servers';
import {
  type ContainerServers,
  type ContainerWishes,
  eventually,
  queryDatabase,
  type ServerContainer,
} from '@jobstream/test-support';
import { startContainer } from '@jobstream/test-support/startContainer';
import type { StartedNetwork } from 'testcontainers';
import type { Part } from './testSystem.ts';

export interface SystemContainersOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly servers: ContainerServers;
  readonly network: StartedNetwork;
  /** Ports of this machine. */
  readonly ports: { readonly api: number; readonly nats: number; readonly postgres: number };
  readonly password: string;
}

export interface SystemContainers {
  start(part: Part): Promise<ServerContainer>;
  /** Makes tables and streams; resolves when it is done. */
  migrate(): Promise<void>;
}

/** Until a server answers, on a machine that does much else. */
const timeoutMs = 60_000;

/** How each part of the system is started in a network. */
export function systemContainers(options: SystemContainersOptions): SystemContainers {
  const wishes = wishesOf(options);
  const common = { network: options.network, logFolder: options.servers.logFolder };
  return {
    start: (name) => startContainer({ ...common, name, ...wishes[name] }),
    async migrate() {
      const environment = settingsOf('migrate', options);
      const { projectorImage: image } = options.servers;
      const task = { image, environment, command: ['migrate.mjs'], ready: /The streams are there/ };
      await using _container = await startContainer({ ...common, name: 'migrate', ...task });
    },
  };
}

type Wishes = Pick<ContainerWishes, 'image' | 'environment' | 'command' | 'ports' | 'files' | 'ready' | 'answers'>;

function wishesOf(options: SystemContainersOptions): Readonly<Record<Part, Wishes>> {
  const { servers, ports, password } = options;
  const app = (name: 'api' | 'worker' | 'projector') => ({
    image: servers[`${name}Image`],
    environment: settingsOf(name, options),
    ready: /"msg":"ready"/,
  });
  return {
    nats: {
      image: servers.natsImage,
      command: ['--config', '/etc/nats/nats.conf'],
      environment: {
        ...Object.fromEntries([...natsUsers, 'route' as const].map((user) => [natsPasswordVariable(user), password])),
        NATS_MAX_FILE_STORE: '2GB',
      },
      files: natsFiles(),
      ports: { 4222: ports.nats },
      ready: /Server is ready/,
    },
    postgres: {
      image: servers.postgresImage,
      environment: { POSTGRES_USER: 'jobstream', POSTGRES_DB: 'jobstream', POSTGRES_PASSWORD: password },
      ports: { 5432: ports.postgres },
      ready: /database system is ready to accept connections/,
      // While it makes its data it listens for itself alone.
      answers: () => eventually(() => queryDatabase(databaseUrl(options), 'SELECT 1'), { timeoutMs }),
    },
    api: {
      ...app('api'),
      ports: { 3000: ports.api },
      answers: () => eventually(() => fetch(`http://127.0.0.1:${ports.api}/health/live`), { timeoutMs }),
    },
    worker: app('worker'),
    projector: app('projector'),
  };
}

function settingsOf(user: string, { env, password }: SystemContainersOptions): Record<string, string> {
  return {
    ...env,
    NATS_URL: 'nats://nats:4222',
    NATS_USER: user,
    NATS_PASSWORD: password,
    DATABASE_URL: `postgres://jobstream:${password}@postgres:5432/jobstream`,
  };
}

/** Of the database, for programs of this machine. */
export function databaseUrl({ ports, password }: Pick<SystemContainersOptions, 'ports' | 'password'>): string {
  return `postgres://jobstream:${password}@127.0.0.1:${ports.postgres}/jobstream`;
}

/** As production has them. */
function natsFiles(): Record<string, string> {
  const folder = path.join(repositoryRoot, 'deploy', 'nats');
  const text = (name: string) => readFileSync(path.join(folder, name), 'utf8');
  return Object.fromEntries(['nats.conf', 'users.conf'].map((name) => [`/etc/nats/${name}`, text(name)]));
}
