import { bytesFigure, figure, table, whole } from '../report/format.ts';
import {
  COPIES,
  demandOf,
  IN_USE,
  jobCosts,
  type JobCosts,
  jobsIn,
  keptCosts,
  lifeRate,
  type Measured,
  memoryFor,
  PEAK,
  SECONDS_A_DAY,
} from './capacity.ts';

const PROCESSES: Readonly<Record<keyof JobCosts, string>> = {
  api: 'API: one request a job',
  server: 'nats-server: three events, dispatch',
  worker: 'worker: one attempt, without the handler',
  projector: 'projector: three events',
  postgres: 'Postgres: a row, three times written',
};
const PER_DAY = [1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
const GIGABYTE = 1_000_000_000;
const MEMORIES = [4, 16, 64, 256];
/** Of the servers of which it is said how many keep a day. */
const MEMORY = 64;
const KEPT: Readonly<Record<string, number>> = {
  'an hour': 3_600,
  'a day': SECONDS_A_DAY,
  'a week': 7 * SECONDS_A_DAY,
  '30 days': 30 * SECONDS_A_DAY,
};

/** The arithmetic by the names of the page's sections. */
export function capacitySections(measured: Measured): Record<string, string> {
  return {
    assumptions: assumptions(),
    costs: costsSection(measured),
    rate: rateSection(measured),
    memory: memorySection(measured),
    three: threeSection(measured),
    demand: demandSection(measured),
    kept: keptSection(measured),
  };
}

function assumptions(): string {
  return (
    `Assumed, and to be replaced by what you know: the busiest time has ${PEAK} times the average, and ${IN_USE * 100} % of a ` +
    `processor, of a memory and of a measured rate is planned to be in use.`
  );
}

function costsSection(measured: Measured): string {
  const [one, three] = COPIES.map((copies) => jobCosts(measured, copies));
  const rows = Object.entries(PROCESSES).map(([id, name]) => {
    const [alone, together] = [one, three].map((costs) => costs?.[id as keyof JobCosts] ?? Number.NaN);
    const changes = id === 'server' || id === 'worker';
    return [name, micros(alone), changes ? micros(together) : '', figure(1_000_000 / (alone ?? Number.NaN))];
  });
  return table(['process', 'one server', 'three servers', 'jobs/s of a core'], rows);
}

function micros(value: number | undefined): string {
  return `${figure(value ?? Number.NaN)} µs`;
}

function rateSection(measured: Measured): string {
  const rate = lifeRate(measured, 1);
  const planned = rate * IN_USE;
  return (
    `Created by one process and run by another: **${figure(rate)} jobs/s**, with everything on the one machine. Planned with ${IN_USE * 100} % ` +
    `of that, it carries ${figure(planned * SECONDS_A_DAY)} jobs a day if they come evenly, and ${figure((planned * SECONDS_A_DAY) / PEAK)} ` +
    `if the busiest time has ${PEAK} times the average.`
  );
}

function memorySection(measured: Measured): string {
  const { memoryBytes, diskBytes, startSeconds } = keptCosts(measured);
  const largest = measured.log.at(-1)?.size ?? 0;
  const rows = MEMORIES.map((memory) => {
    const jobs = jobsIn(measured, memory * GIGABYTE);
    return [`${memory} GB`, figure(jobs), bytesFigure(jobs * diskBytes), duration(jobs * startSeconds)];
  });
  const head = ['memory of the server', 'jobs in the log', 'disk', 'the start takes at least'];
  const sentence =
    `A finished job of usual size that stays in the log takes **${bytesFigure(memoryBytes)} of the server's memory** and ` +
    `${bytesFigure(diskBytes)} of its disk. Measured with up to ${whole(largest)} jobs; what is beyond is arithmetic.`;
  return `${sentence}\n\n${table(head, rows)}`;
}

function duration(seconds: number): string {
  return seconds < 120 ? `${figure(seconds)} s` : `${figure(seconds / 60)} min`;
}

function threeSection(measured: Measured): string {
  const [one, three] = COPIES.map((copies) => jobCosts(measured, copies).server);
  const [rateOfOne, rateOfThree] = COPIES.map((copies) => lifeRate(measured, copies));
  const ratio = (three ?? Number.NaN) / (one ?? Number.NaN);
  return (
    `Three servers together spend ${figure(three ?? Number.NaN)} µs a job where one spends ${figure(one ?? Number.NaN)} µs: ` +
    `${figure(ratio)} times as much, ${figure(ratio / 3)} times on each. All of them on the one machine, jobs were created and run at ` +
    `${figure(rateOfThree ?? Number.NaN)}/s instead of ${figure(rateOfOne ?? Number.NaN)}/s.`
  );
}

function demandSection(measured: Measured): string {
  const rows = PER_DAY.map((perDay) => {
    const [one, three] = COPIES.map((copies) => demandOf(measured, perDay, copies));
    if (one === undefined || three === undefined) throw new Error('nothing was measured');
    const { api, server, worker, projector, postgres } = one.cores;
    return [
      whole(perDay),
      ...[one.averagePerSecond, one.peakPerSecond].map(figure),
      ...[api, server, three.cores.server, worker, projector, postgres].map(cores),
      ...[one.streams, three.streams].map(whole),
      bytesFigure(one.diskBytesPerDay),
    ];
  });
  const processes = ['API', 'NATS, one', 'NATS, three', 'workers', 'projectors', 'Postgres'];
  const head = [
    'jobs a day',
    'on average/s',
    'at the peak/s',
    ...processes,
    'streams, one',
    'streams, three',
    'disk a day',
  ];
  return table(head, rows);
}

function cores(value: number): string {
  return value < 10 ? value.toFixed(2) : whole(value);
}

function keptSection(measured: Measured): string {
  const rows = PER_DAY.map((perDay) => {
    const each = Object.values(KEPT).map((seconds) => bytesFigure(memoryFor(measured, perDay, seconds)));
    return [whole(perDay)].concat(each);
  });
  return `${table(['jobs a day', ...Object.keys(KEPT)], rows)}\n\n${largestSection(measured)}`;
}

/** Which of both limits counts for the most jobs of the table. */
function largestSection(measured: Measured): string {
  const perDay = PER_DAY.at(-1) ?? 0;
  const byRate = demandOf(measured, perDay, 1).streams;
  const kept = (share: number) => whole(Math.ceil((perDay * share) / jobsIn(measured, MEMORY * GIGABYTE)));
  return (
    `So ${whole(perDay)} jobs a day are ${whole(byRate)} streams by their rate. By their memory they are ${kept(1 / 24)} streams on ` +
    `servers of ${MEMORY} GB where the log keeps an hour, and ${kept(1)} where it keeps a day. The larger number counts, and three ` +
    `times as many servers where a stream has three.`
  );
}
