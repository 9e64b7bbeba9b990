import { JobstreamClient } from '@jobstream/client';
import { eventually, type RunningSystem } from '@jobstream/test-support';

/** Resolves when the API knows a worker of these job types: a producer before that is warned of their names. */
export async function untilAnnounced({ api }: Pick<RunningSystem, 'api'>, ...types: readonly string[]): Promise<void> {
  const client = new JobstreamClient({ url: api });
  await eventually(async () => {
    const known = new Set((await client.types.list()).map(({ type }) => type));
    const missing = types.filter((type) => !known.has(type));
    if (missing.length > 0) throw new Error(`no worker has announced ${missing.join(', ')}`);
  });
}
