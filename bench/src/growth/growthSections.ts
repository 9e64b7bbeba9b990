import { figure, table, whole } from '../report/format.ts';
import { GROWTH_PARTS, type GrowthPart, type GrowthPoint } from './growthParts.ts';
import type { Growth } from './measureGrowth.ts';
import type { LogPoint } from './measureLog.ts';

const COSTS = ['nats-server', 'of it for the creation', 'workers'];

/** The measured growth by the names of the page's sections: a chart and a table for each part. */
export function growthSections(growth: Growth): Record<string, string> {
  const parts = GROWTH_PARTS.map((part) => [part.id, partSection(part, growth.parts[part.id] ?? [])] as const);
  return { machine: machine(growth), ...Object.fromEntries(parts), log: logSection(growth.log) };
}

function machine({ date, processor, cores, memoryGiB, kernel, versions, rounds, store }: Growth): string {
  return (
    `${date}; ${cores} cores (${processor}), ${memoryGiB} GiB, Linux ${kernel}, files ${store === 'disk' ? 'on a disk' : 'in memory'}; ` +
    `nats-server ${versions['nats-server']}, Node ${versions['Node']}. Servers, workers and creators share the machine. ` +
    (rounds === 1
      ? 'Each size was measured once.'
      : `Of ${rounds} rounds the one in which a job took the least processor time; the log's size in one.`)
  );
}

function partSection({ id, title, unit }: GrowthPart, points: readonly GrowthPoint[]): string {
  if (points.length === 0) return 'Not measured yet.';
  const rows = points.map((point) => [
    whole(point.size),
    ...[point.createdPerSecond, point.jobsPerSecond].map(figure),
    ...costs(point),
    `${figure(point.startSeconds)} s`,
    `${figure(point.idleMicros / 1_000)} ms`,
    whole(point.serverMegabytes),
  ]);
  const head = [unit, 'created/s', 'created and run/s', ...COSTS, 'workers start in', 'idle, a second', 'server MB'];
  return `${image(id, `${title}: processor time a job, and jobs a second`)}\n\n${table(head, rows)}`;
}

function logSection(log: readonly LogPoint[]): string {
  const rows = log.map((point) => [
    whole(point.size),
    figure(point.jobsPerSecond),
    ...costs(point),
    `${figure(point.readMs)} ms`,
    whole(point.serverMegabytes),
    whole(point.restartedMegabytes),
    whole(point.diskMegabytes),
    `${figure(point.restartSeconds)} s`,
  ]);
  const memory = ['server MB', 'MB after a start', 'disk MB'];
  const head = ['jobs in the log', 'created and run/s', ...COSTS, 'a job is read in', ...memory, 'server starts in'];
  const alt = 'Jobs in the log: processor time of a job, and memory of nats-server';
  return `${image('log', alt)}\n\n${table(head, rows)}`;
}

function costs({ serverMicros, createServerMicros, workerMicros }: GrowthPoint | LogPoint): string[] {
  return [serverMicros, createServerMicros, workerMicros].map((micros) => `${figure(micros)} µs`);
}

function image(id: string, alt: string): string {
  return `![${alt}](charts/${id}.svg)`;
}
