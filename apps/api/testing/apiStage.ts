import { migrate } from '@jobstream/readmodel';
import { createDatabase, startNats, type TestNats } from '@jobstream/testing';
import { startApi, type StartApiOptions, type TestApi } from './startApi.ts';

/** An API with its own NATS server and database. */
export interface ApiStage {
  readonly nats: TestNats;
  readonly databaseUrl: string;
  readonly api: TestApi;
  stop(): Promise<void>;
}

export async function startStage(options: Omit<StartApiOptions, 'natsUrl' | 'databaseUrl'> = {}): Promise<ApiStage> {
  const [nats, databaseUrl] = await Promise.all([startNats(), createDatabase()]);
  await migrate(databaseUrl);
  const api = await startApi({ natsUrl: nats.url, databaseUrl, ...options });
  const stop = async () => {
    await api.stop();
    await nats.stop();
  };
  return { nats, databaseUrl, api, stop };
}
