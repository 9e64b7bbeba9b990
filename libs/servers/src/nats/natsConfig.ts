import os from 'node:os';

const COLLECT_AT_PERCENT = 400;

const MEMORY_SHARE = 0.5;

export interface NatsConfigOptions {
  name: string;
  host: string;
  port: number;
  storeDir: string;
  maxPayload?: string | undefined;
  /** False omits `sync_interval: always`, which versions before 2.10 do not support; default true. */
  syncAlways?: boolean | undefined;
  /** Additional lines. */
  extraConfig?: string | undefined;
}

/** Returns the configuration file of a nats-server with JetStream that by default syncs each write before the ack. */
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
 * Returns the settings of Go's garbage collector for a nats-server; variables of `env` take precedence. By default Go
 * collects whenever the heap has doubled, and each collection scans the server's index of the log. GOGC=400 saves a
 * tenth of the server's CPU time (measured); GOMEMLIMIT limits the heap to half of the machine's memory.
 */
export function natsEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const memory = Math.min(os.totalmem(), process.constrainedMemory() || Infinity);
  return { GOGC: String(COLLECT_AT_PERCENT), GOMEMLIMIT: String(Math.floor(memory * MEMORY_SHARE)), ...env };
}
