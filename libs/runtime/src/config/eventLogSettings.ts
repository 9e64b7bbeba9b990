import type { Config } from './config.ts';

/** Selects the settings that every process passes to its event log. */
export function eventLogSettings(config: Config) {
  return {
    url: config.NATS_URL,
    credsFile: config.NATS_CREDS,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD,
    replicas: config.STREAM_REPLICAS,
    maxAgeMs: config.JOBS_MAX_AGE,
    groupCommit: config.GROUP_COMMIT,
    monitorUrls: config.NATS_MONITOR_URL?.split(',').map((url) => url.trim()) ?? [],
    storeDir: config.NATS_STORE_DIR,
    masterKeys: config.PAYLOAD_KEYS,
  };
}
