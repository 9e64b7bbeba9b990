import os from 'node:os';

const COLLECT_AT_PERCENT = 400;

const MEMORY_SHARE = 0.5;

export interface NatsConfigOptions {
  name: string;
  host: string;
  port: number;
  storeDir: string;
  maxPayload?: string | undefined;
  /** False leaves the interval to the server: versions before 2.10 do not know the setting. */
  syncAlways?: boolean | undefined;
  /** More lines. */
  extraConfig?: string | undefined;
}

/** The configuration file of a nats-server with JetStream, which by default syncs each write before it acknowledges it. */
export function natsConfig(options: NatsConfigOptions): string {
  const { name, host, port, storeDir, maxPayload = '1MB', syncAlways = true, extraConfig = '' } = options;
  return `server_name: "${name}"
host: "${host}"
port: ${port}
max_payload: ${maxPayload}
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
${syncAlways ? '  sync_interval: always' : ''}
}
${extraConfig}
`;
}

/**
 * The environment of a nats-server: what Go is told about garbage, unless it is there already. By its own rule it collects
 * whenever as much was allocated as is in use, and each time it walks all that the server keeps about the log. Four times as
 * much saves a tenth of the server's processor time (measured), up to half of the machine's memory.
 */
export function natsEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const memory = Math.min(os.totalmem(), process.constrainedMemory() || Infinity);
  return { GOGC: String(COLLECT_AT_PERCENT), GOMEMLIMIT: String(Math.floor(memory * MEMORY_SHARE)), ...env };
}
