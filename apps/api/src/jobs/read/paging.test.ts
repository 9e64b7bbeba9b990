import { migrate } from '@jobstream/readmodel';
import { createDatabase, startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { projectAll } from '../../../testing/projectAll.ts';
import { startApi, type TestApi } from '../../../testing/startApi.ts';

/** `npm run bench:one -- paging` does the same with 100,000 and 10,000. */
const [JOBS, ARRIVING, LIMIT] = [1_000, 100, 50];

async function create(api: TestApi, count: number): Promise<string[]> {
  const response = await api.post('/api/jobs/batch', {
    jobs: Array.from({ length: count }, () => ({ type: 'email' })),
  });
  return ((await response.json()) as { jobs: { id: string }[] }).jobs.map(({ id }) => id);
}

test(
  'pages that are followed by their links have no job twice and none missing while many others arrive',
  { tags: ['exact'] },
  async () => {
    await using nats = await startNats();
    const databaseUrl = await createDatabase();
    await migrate(databaseUrl);
    await using api = await startApi({ natsUrl: nats.url, databaseUrl });
    const beginning: string[] = [];
    while (beginning.length < JOBS) beginning.push(...(await create(api, 1_000)));
    await projectAll(api.log, databaseUrl);

    const listed: string[] = [];
    let arrived = 0;
    let next: string | undefined = `/api/jobs?limit=${LIMIT}`;
    while (next !== undefined) {
      const [page, others]: [Response, string[]] = await Promise.all([
        api.fetch(next),
        create(api, (ARRIVING * LIMIT) / JOBS),
      ]);
      arrived += others.length;
      await projectAll(api.log, databaseUrl);
      const { items } = (await page.json()) as { items: { id: string }[] };
      listed.push(...items.map(({ id }) => id));
      next = /^<(.*)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(arrived).toBeGreaterThanOrEqual(ARRIVING);
    expect(new Set(listed).size).toBe(listed.length);
    expect(beginning.filter((id) => !listed.includes(id))).toEqual([]);
  },
);
