import { migrate } from '@jobstream/readmodel';
import { createMigratedDatabase, startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll } from 'vitest';
import { startApi, type StartApiOptions, type TestApi } from './startApi.ts';

/** An API with its own NATS server and database. */
export interface ApiStage {
  readonly nats: TestNats;
  readonly databaseUrl: string;
  readonly api: TestApi;
  stop(): Promise<void>;
}

async function startStage(options: Omit<StartApiOptions, 'natsUrl' | 'databaseUrl'> = {}): Promise<ApiStage> {
  const [nats, databaseUrl] = await Promise.all([startNats(), createMigratedDatabase(migrate)]);
  const api = await startApi({ natsUrl: nats.url, databaseUrl, ...options });
  const stop = async () => {
    await api.stop();
    await nats.stop();
  };
  return { nats, databaseUrl, api, stop };
}

/**
 * Starts an API with its own servers before the tests of a file or describe block, and stops it after them.
 *
 * The returned objects are complete once the tests run.
 */
export function useStage(options: Omit<StartApiOptions, 'natsUrl' | 'databaseUrl'> = {}): ApiStage {
  const stage = { api: {} } as ApiStage;
  beforeAll(async () => {
    const { api, ...servers } = await startStage(options);
    Object.assign(stage.api, api);
    Object.assign(stage, servers);
  });
  afterAll(() => stage.stop());
  return stage;
}
