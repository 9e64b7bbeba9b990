import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { installOutbox } from '@jobstream/outbox';
import {
  createDatabase,
  eventually,
  type RunningSystem,
  scratchDataFolder,
  startSystem,
} from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';

const APPS = ['api', 'worker', 'projector', 'relay'] as const;

let dataDir: string;
let system: RunningSystem;
let urls: Readonly<Record<string, string>>;

beforeAll(async () => {
  dataDir = await scratchDataFolder('metrics');
  const outbox = await createDatabase();
  await installOutbox(outbox);
  const settings = { HEALTH_PORT: '0', DATABASE_URL: await createDatabase(), OUTBOX_URLS: outbox };
  system = await startSystem(dataDir, settings);
  const [worker, projector, relay] = ['worker', 'projector', 'relay'].map(healthUrl);
  urls = { api: system.api, worker: worker ?? '', projector: projector ?? '', relay: relay ?? '' };
  await doKnownWork();
});

afterAll(async () => {
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Its port was free, so only its log tells which it is. */
function healthUrl(app: string): string {
  const lines = system.process.output.split('\n');
  const line = lines.find((one) => one.includes('"health and metrics"') && one.includes(`"service":"${app}"`));
  return `http://127.0.0.1:${/"port":(\d+)/.exec(line ?? '')?.[1]}`;
}

const scrape = async (app: string) => (await fetch(`${urls[app]}/metrics`)).text();

/** Three jobs complete, one of them at its second attempt; one fails. */
async function doKnownWork(): Promise<void> {
  const jobs = jobsClient(system.api);
  const backoff = { type: 'fixed', delayMs: 10 };
  const payloads = [{ durationMs: 1 }, { durationMs: 1 }, { durationMs: 1, failTimes: 1 }];
  const created = await Promise.all(payloads.map((payload) => jobs.create({ type: 'sleep', payload, backoff })));
  const failing = { type: 'sleep', payload: { durationMs: 1, failTimes: 9 }, maxAttempts: 1, backoff };
  const { id } = await jobs.create(failing);
  for (const job of created) await jobs.reaches(job.id, 'completed');
  await jobs.reaches(id, 'failed');
}

/** Which of the lines a process does not show, once it had time to. */
async function missing(app: string, lines: readonly string[]): Promise<readonly string[]> {
  let absent = lines;
  const look = async () => {
    const text = await scrape(app);
    absent = lines.filter((line) => !text.includes(`${line}\n`));
    if (absent.length > 0) throw new Error('not yet');
  };
  await eventually(look).catch(() => undefined);
  return absent;
}

test('after known work each process shows the right figures', async () => {
  const type = 'type="sleep"';
  expect(
    await missing('worker', [
      `jobstream_attempts_total{${type},outcome="completed"} 3`,
      `jobstream_attempts_total{${type},outcome="retried"} 1`,
      `jobstream_attempts_total{${type},outcome="failed"} 1`,
      `jobstream_attempt_duration_seconds_count{${type}} 5`,
      `jobstream_attempt_wait_seconds_count{${type}} 5`,
      `jobstream_attempts_running{${type}} 0`,
    ]),
  ).toEqual([]);
  expect(
    await missing('projector', [
      'jobstream_projected_events_total{event="JobCreated"} 4',
      'jobstream_projected_events_total{event="JobStarted"} 5',
      'jobstream_projected_events_total{event="JobCompleted"} 3',
      'jobstream_projected_events_total{event="JobRetryScheduled"} 1',
      'jobstream_projected_events_total{event="JobFailed"} 1',
      'jobstream_projector_lag_events 0',
      'jobstream_projector_active 1',
    ]),
  ).toEqual([]);
  expect(
    await missing('api', [
      'jobstream_http_request_duration_seconds_count{method="POST",route="/api/jobs",status="2xx"} 4',
      'jobstream_append_duration_seconds_count{outcome="stored"} 4',
      `jobstream_backlog_jobs{${type}} 0`,
      `jobstream_in_flight_jobs{${type}} 0`,
    ]),
  ).toEqual([]);
});

test.each(['worker', 'projector', 'relay'])('the %s answers probes on its health port', async (app) => {
  expect((await fetch(`${urls[app]}/health/live`)).status).toBe(200);
  expect((await fetch(`${urls[app]}/health/ready`)).status).toBe(200);
});

test('the api shows what the log takes on its disk, and how much is left', async () => {
  const text = await scrape('api');
  const [used = -1, limit = 0, left = 0, free = 0] = ['used', 'limit', 'left', 'disk_free'].map((name) =>
    Number(new RegExp(`^jobstream_log_${name}_bytes\\{server="127.0.0.1:\\d+"\\} (\\S+)$`, 'm').exec(text)?.[1]),
  );
  expect(used).toBeGreaterThan(0);
  expect(left).toBe(Math.min(limit - used, free));
  expect(free).toBeGreaterThan(0);
});

interface Row {
  readonly kind: string;
  readonly labels: readonly string[];
  readonly process: string;
}

/** The rows of the table in docs/metrics.md, by the name of the metric. */
function documented(): Map<string, Row> {
  const doc = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = doc.split('\n').filter((line) => line.startsWith('| `jobstream_'));
  return new Map(
    rows.map((row) => {
      const [name = '', kind = '', labels = '', process = ''] = row.split('|').slice(1, -1).map(plain);
      return [name, { kind, labels: labels === '–' ? [] : labels.split(', ').toSorted(), process }];
    }),
  );
}

function plain(cell: string): string {
  return cell.trim().replaceAll('`', '');
}

/** The labels of the series of a metric, apart from the bounds of a histogram. */
function labelsShown(text: string, name: string): string[] {
  const series = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{([^}]*)\\}`, 'gm'))];
  const names = series.flatMap(([, labels = '']) => [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label));
  return [...new Set(names)].filter((label) => label !== 'le').toSorted();
}

/** Whose metrics are on the page of a process: `npm start` archives in the projector's process. */
const shownBy = { api: ['api'], worker: ['worker'], projector: ['projector', 'archiver'], relay: ['relay'] };

describe.each(APPS)('the metrics page of the %s', (app) => {
  test('matches docs/metrics.md in metrics, types and labels', async () => {
    const text = await scrape(app);
    const expected = [...documented()].filter(([, row]) => ['all', ...shownBy[app]].includes(row.process));
    const types = [...text.matchAll(/^# TYPE (jobstream_\w+) (\w+)$/gm)];
    expect(new Map(types.map(([, name = '', kind]) => [name, kind]))).toEqual(
      new Map(expected.map(([name, { kind }]) => [name, kind])),
    );
    for (const [name, { labels }] of expected) {
      const shown = labelsShown(text, name);
      expect([name, shown]).toEqual([name, shown.length === 0 ? [] : labels]);
    }
    expect(text).toContain('process_cpu_seconds_total');
  });
});
