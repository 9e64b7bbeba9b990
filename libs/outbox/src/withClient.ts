import { Client } from 'pg';

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
