import assert from 'node:assert/strict';
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

/** Throws unless jobs of the type, whoever creates them, are tried so often by the definition that its worker has announced. */
export async function checkDefinition(
  { api }: Pick<RunningSystem, 'api'>,
  type: string,
  maxAttempts: number,
): Promise<void> {
  const found = (await new JobstreamClient({ url: api }).types.list()).find((one) => one.type === type);
  assert.equal(found?.definition?.maxAttempts, maxAttempts, `maxAttempts of the definition of ${type}`);
}
