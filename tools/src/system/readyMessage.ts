import type { WriteLine } from './prefixedLog.ts';

export interface Addresses {
  apiUrl: string;
  natsUrl: string;
  databaseUrl: string;
}

/** Says where everything is, with a first job to try. */
export function readyMessage({ apiUrl, natsUrl, databaseUrl }: Addresses, writeLine: WriteLine): void {
  const job = JSON.stringify({ type: 'email', payload: { to: 'user@example.com' } });
  const lines = [
    `ready: ${apiUrl}`,
    `NATS ${natsUrl}`,
    `Postgres ${databaseUrl}`,
    `curl -si -X POST ${apiUrl}/api/jobs -H 'content-type: application/json' -d '${job}'`,
  ];
  for (const line of lines) writeLine('start', line);
}
