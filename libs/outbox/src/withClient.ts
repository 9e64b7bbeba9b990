import { Client } from 'pg';

/** Begins a transaction that depends on no default: one of another level would not see what a lock has waited for. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';

/** Opens a connection for the work, and closes it after it, which rolls back what is not committed. */
export async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url, application_name: 'jobstream-outbox' });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** As `withClient`, in a transaction that is committed when the work is done. */
export function inTransaction<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  return withClient(url, async (client) => {
    await client.query(BEGIN);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  });
}
