import { randomBytes } from 'node:crypto';
import { formatApiKey, newApiKey } from '@jobstream/readmodel';
import { natsPasswordVariable, natsUsers } from '@jobstream/servers';

/** The variables that docker-compose.yml requires, and how each is generated. */
const SECRETS: Readonly<Record<string, () => string>> = {
  POSTGRES_PASSWORD: password,
  ...Object.fromEntries([...natsUsers, 'route' as const].map((user) => [natsPasswordVariable(user), password])),
  WEBHOOK_SECRET: password,
  GRAFANA_PASSWORD: password,
  API_KEY: () => formatApiKey(newApiKey()),
  METRICS_KEY: () => formatApiKey(newApiKey()),
};

const CLUSTER: Readonly<Record<string, string>> = {
  COMPOSE_PROFILES: 'cluster',
  NATS_CONFIG: 'cluster.conf',
  NATS_URL: 'nats://nats:4222,nats://nats-2:4222,nats://nats-3:4222',
  NATS_MONITOR_URL: 'http://nats:8222,http://nats-2:8222,http://nats-3:8222',
  STREAM_REPLICAS: '3',
};

export interface EnvironmentWishes {
  /** The current text of the file, of which nothing is changed. */
  readonly present: Readonly<Record<string, string | undefined>>;
  readonly cluster: boolean;
  /** Base images of this machine, by the name of their variable. */
  readonly images: Readonly<Record<string, string>>;
}

/** Returns the lines that are missing in `.env`; existing values are kept, since the data was created with them. */
export function missingLines({ present, cluster, images }: EnvironmentWishes): string[] {
  const secrets = Object.entries(SECRETS).map(([name, make]) => [name, make] as const);
  const plain = Object.entries({ ...(cluster ? CLUSTER : {}), ...images }).map(
    ([name, value]) => [name, () => value] as const,
  );
  return [...secrets, ...plain].filter(([name]) => !present[name]).map(([name, make]) => `${name}=${make()}`);
}

/**
 * 192 random bits, hexadecimal but for the first letter: safe in an address and in a shell, and nats-server, which puts
 * variables into its configuration as they are, cannot take it for a number.
 */
function password(): string {
  return `p${randomBytes(24).toString('hex')}`;
}
