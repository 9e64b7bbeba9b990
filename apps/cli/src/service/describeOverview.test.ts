import type { Failures, JobType, Stats } from '@jobstream/client';
import { expect, test } from 'vitest';
import { describeOverview, type Overview } from './describeOverview.ts';

const activity = {
  created: 40,
  completed: 30,
  failed: 2,
  retried: 5,
  runTimeMs: { p50: 90, p90: 200, p95: 250, p99: 300 },
};
const stats: Stats = {
  jobs: {
    total: 45,
    byStatus: { pending: 9, processing: 1, waiting: 3 },
    byType: { email: { pending: 2 }, report: { pending: 7 } },
  },
  activity: {
    from: '2026-11-25T11:01:00.000Z',
    to: '2026-11-25T12:01:00.000Z',
    resolution: 'minute',
    total: activity,
    byType: { email: activity },
    series: [
      { ...activity, at: '2026-11-25T11:59:00.000Z', completed: 10 },
      { ...activity, at: '2026-11-25T12:00:00.000Z', completed: 20 },
    ],
  },
  backlog: {
    email: { waiting: 2, inFlight: 1, workers: 3, oldestAgeMs: 4_000 },
    report: { waiting: 7, inFlight: 0, workers: 0, oldestAgeMs: 65_000 },
  },
  projector: { lastSequence: 9, updatedAt: null, lagEvents: 0, lagMs: 0 },
};
const failures = {
  items: [{ type: 'email', name: 'Error', code: 'EENVELOPE', message: 'no\u001B[2J mailbox', count: 2, lastAt: 'now' }],
} as unknown as Failures;
const overview: Overview = { stats, failures, workers: [], types: [] };

const plain = { tone: (_tone: string, text: string) => text, time: (at: string) => at };
const toned = { ...plain, tone: (tone: string, text: string) => `<${tone} ${text}>` };

function lines(shown: Overview, width?: number, printer: typeof plain = plain): readonly string[] {
  return describeOverview(shown, { printer, width });
}

test('it says what waits and for how long, what happened, and which types have no worker, the oldest backlog first', () => {
  expect(lines(overview)).toEqual([
    'pending 9, the oldest for 1m 5s · running 1 · waiting 3 · retrying 0 · no live workers · table up to date',
    'in 60 min: completed 30 · failed 2 · retried 5 · run p95 250ms',
    `completed by minute, at most 20 ${' '.repeat(46)}▄█`,
    '',
    'TYPE    PENDING  OLDEST  WITH WORKERS  WORKERS  DONE  FAILED  RETRIED  RUN P95  STATE',
    'report        7   1m 5s             0        0                                  no worker',
    'email         2      4s             1        3    30       2        5    250ms',
    '',
    'FAILED  TYPE   LAST  ERROR',
    '     2  email  now   EENVELOPE: no mailbox',
  ]);
});

test('in a narrow terminal it leaves out columns, and no line of the tables is too wide', () => {
  const narrow = lines(overview, 50);
  expect(narrow[4]).toBe('TYPE    PENDING  OLDEST  DONE  FAILED  STATE');
  expect(Math.max(...narrow.slice(2).map((line) => line.length))).toBeLessThanOrEqual(50);
});

test('a paused type is told apart from one without workers', () => {
  const paused = [{ type: 'report', paused: true }] as unknown as readonly JobType[];
  const text = lines({ ...overview, types: paused }, undefined, toned).join('\n');
  expect([text.includes('<busy paused>'), text.includes('no worker>')]).toEqual([true, false]);
});

test('a caller with a tenant, who is told neither backlog nor workers, sees the jobs of the tenant', () => {
  const { backlog: _backlog, projector: _projector, ...own } = stats;
  const shown = lines({ stats: own, failures: { ...failures, items: [] } });
  expect(shown[0]).toBe('pending 9 · running 1 · waiting 3 · retrying 0');
  expect(shown.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['email', 'report']));
});

function lagging(lagEvents: number | null): string | undefined {
  const projector = { lastSequence: 9, updatedAt: null, lagEvents, lagMs: 2_000 };
  return lines({ ...overview, stats: { ...stats, projector } })[0];
}

test('an unavailable log and a lag are said', () => {
  expect(lagging(null)).toContain('the log is unavailable');
  expect(lagging(12)).toContain('table 12 events (2s) behind');
});
