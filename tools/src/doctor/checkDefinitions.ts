import { explainDifference, JobstreamClient } from '@jobstream/client';
import type { Examination, Finding } from './examination.ts';

const TIMEOUT_MS = 5_000;
const REMEDY = 'During a rollout nothing; afterwards restart the workers of the release that is to hold.';

/** Whether living workers have announced other definitions than those that hold. Without the API or a right to ask, nothing is known. */
export async function checkDefinitions(
  examination: Pick<Examination, 'apiUrl' | 'given'>,
): Promise<readonly Finding[]> {
  const { apiUrl: url, given } = examination;
  if (url === undefined) return [];
  const credentials = given['JOBSTREAM_KEY'];
  const client = new JobstreamClient({ url, retryForMs: 0, ...(credentials ? { credentials } : {}) });
  try {
    const types = await client.types.list({ signal: AbortSignal.timeout(TIMEOUT_MS) });
    const differences = types.map(explainDifference).filter((difference) => difference !== undefined);
    return differences.map((difference) => ({ wrong: `Workers differ: ${difference}.`, remedy: REMEDY }));
  } catch {
    return [];
  }
}
