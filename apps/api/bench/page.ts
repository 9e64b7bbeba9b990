/**
 * Pages through many jobs while others arrive: `node apps/api/bench/page.ts [jobs] [arriving]` with API_URL set and the
 * projector running. Exits with 1 if a job of the beginning is missing or any job comes twice.
 */
const [jobs = 100_000, arriving = 10_000] = process.argv.slice(2).map(Number);
const api = process.env['API_URL'] ?? 'http://127.0.0.1:3000';
const type = `page-${Date.now()}`;
const PER_BATCH = 1_000;
const LIMIT = 200;

async function create(count: number): Promise<string[]> {
  const body = JSON.stringify({ jobs: Array.from({ length: count }, () => ({ type, delayMs: 86_400_000 })) });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${api}/api/jobs/batch`, { method: 'POST', headers, body });
  if (response.status !== 201) throw new Error(`a batch was answered with ${response.status}`);
  return ((await response.json()) as { jobs: { id: string }[] }).jobs.map(({ id }) => id);
}

async function untilListed(count: number): Promise<void> {
  for (;;) {
    const response = await fetch(`${api}/api/jobs?limit=1&count=true&type=${type}`);
    if (((await response.json()) as { total: number }).total >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const beginning = new Set<string>();
while (beginning.size < jobs) for (const id of await create(PER_BATCH)) beginning.add(id);
await untilListed(beginning.size);

const pages = beginning.size / LIMIT;
const perPage = Math.ceil(arriving / pages);
const listed = new Set<string>();
let doubles = 0;
let path = `/api/jobs?type=${type}&limit=${LIMIT}`;
const before = performance.now();
while (path !== '') {
  const [response] = await Promise.all([fetch(api + path), create(perPage)]);
  const { items } = (await response.json()) as { items: { id: string }[] };
  for (const { id } of items) {
    if (listed.has(id)) doubles++;
    listed.add(id);
  }
  path = /<(.*)>/.exec(response.headers.get('link') ?? '')?.[1] ?? '';
}
const seconds = (performance.now() - before) / 1_000;
const missing = [...beginning].filter((id) => !listed.has(id)).length;
process.stdout.write(
  `${listed.size} jobs listed in ${seconds.toFixed(1)} s while ${Math.ceil(pages) * perPage} arrived: ` +
    `${missing} of ${beginning.size} missing, ${doubles} twice\n`,
);
process.exitCode = missing + doubles === 0 ? 0 : 1;
