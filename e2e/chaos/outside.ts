import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { Pool } from 'pg';
import type { Stage } from './stage/stage.ts';

/** The suite's own eyes on the servers: connections that come back by themselves. */
export interface Outside extends AsyncDisposable {
  readonly nats: NatsConnection;
  readonly database: Pool;
}

/** Connects to the servers themselves, past all cables that a fault may cut. */
export async function lookFromOutside({ nodes, postgres }: Stage): Promise<Outside> {
  const nats = await connect({
    servers: nodes.map(({ url }) => url),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    pingInterval: 1_000,
  });
  const database = new Pool({
    connectionString: postgres.url,
    max: 2,
    connectionTimeoutMillis: 2_000,
    query_timeout: 10_000,
  });
  database.on('error', () => {}); // an idle connection went with its server; the next query takes a new one
  return {
    nats,
    database,
    async [Symbol.asyncDispose]() {
      await nats.close();
      await database.end();
    },
  };
}
