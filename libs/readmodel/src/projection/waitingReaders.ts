import type { ClientBase, Pool } from 'pg';

/** Readers wait in another process than that which writes. */
const CHANNEL = 'jobstream_waiting_readers';

const ANNOUNCE = { name: 'announce_waiting_reader', text: `SELECT pg_notify('${CHANNEL}', '')` };

/** Tells the process that writes the table that a reader waits for it. */
export async function announceWaitingReader(database: Pick<Pool, 'query'>): Promise<void> {
  await database.query(ANNOUNCE);
}

/** Calls back whenever a reader waits, until the connection ends. */
export async function listenForWaitingReaders(client: ClientBase, onWaiting: () => void): Promise<void> {
  client.on('notification', onWaiting);
  await client.query(`LISTEN ${CHANNEL}`);
}
