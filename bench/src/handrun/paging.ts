import { eventually, startSystem } from '@jobstream/test-support';
import { inScratchFolder } from '../inScratchFolder.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const PER_BATCH = 1_000;
const LIMIT = 200;
const TYPE = 'paged';

export const paging: HandrunBench = {
  name: 'paging',
  summary:
    'Pages through many jobs while others are created; fails if a job of the beginning is missing or one comes twice.',
  parameters: '[jobs = 100000] [created meanwhile = 10000]',
  run(args) {
    const [jobs, arriving] = numbersOf(args, 100_000, 10_000);
    return inScratchFolder(async (folder) => {
      await using system = await startSystem(folder);
      return await measure(system.api, jobs, arriving);
    });
  },
};

async function measure(api: string, jobs: number, arriving: number): Promise<boolean> {
  const beginning = new Set<string>();
  while (beginning.size < jobs) for (const id of await create(api, PER_BATCH)) beginning.add(id);
  await eventually(() => assertListed(api, beginning.size), { timeoutMs: 600_000 });
  const perPage = Math.ceil(arriving / (beginning.size / LIMIT));
  const listed = new Set<string>();
  let [duplicates, created] = [0, 0];
  let path = `/api/jobs?type=${TYPE}&limit=${LIMIT}`;
  const before = performance.now();
  while (path !== '') {
    const [response, others] = await Promise.all([fetch(api + path), create(api, perPage)]);
    created += others.length;
    const { items } = (await response.json()) as { items: { id: string }[] };
    for (const { id } of items) {
      if (listed.has(id)) duplicates += 1;
      listed.add(id);
    }
    path = /<(.*)>/.exec(response.headers.get('link') ?? '')?.[1] ?? '';
  }
  const seconds = (performance.now() - before) / 1_000;
  const missing = [...beginning].filter((id) => !listed.has(id)).length;
  console.log(
    `${listed.size} jobs listed in ${seconds.toFixed(1)} s while ${created} were created: ` +
      `${missing} of ${beginning.size} missing, ${duplicates} twice`,
  );
  return missing + duplicates === 0;
}

async function create(api: string, count: number): Promise<string[]> {
  const body = JSON.stringify({ jobs: Array.from({ length: count }, () => ({ type: TYPE, delayMs: 86_400_000 })) });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${api}/api/jobs/batch`, { method: 'POST', headers, body });
  if (response.status !== 201) throw new Error(`a batch was answered with ${response.status}`);
  return ((await response.json()) as { jobs: { id: string }[] }).jobs.map(({ id }) => id);
}

async function assertListed(api: string, count: number): Promise<void> {
  const response = await fetch(`${api}/api/jobs?limit=1&count=true&type=${TYPE}`);
  const { total } = (await response.json()) as { total: number };
  if (total < count) throw new Error(`${total} of ${count} jobs are listed`);
}
