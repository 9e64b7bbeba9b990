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
