import { explainSettings, hasEnded, type CreatedJob, type Job, type JobStatus } from '@jobstream/client';
import { ExitCode } from '../../command/exitCode.ts';
import type { Printer, Tone } from '../../output/printer.ts';
import { formatProperties, plainText } from '../../output/table.ts';
import { formatDuration } from '../../output/times.ts';
import { describeError, describeProgress, describeWorker } from './describeEvent.ts';
import { countOf } from '../../output/countOf.ts';

const TONES: Readonly<Record<JobStatus, Tone>> = {
  scheduled: 'quiet',
  pending: 'quiet',
  processing: 'busy',
  waiting: 'quiet',
  retrying: 'busy',
  completed: 'good',
  failed: 'bad',
  cancelled: 'bad',
};

/** Shows a status in its colour. */
export function paintStatus(status: JobStatus, { tone }: Printer, text: string = status): string {
  return tone(TONES[status] ?? 'quiet', text);
}

/** Shows a job to people: a line for each of its properties. */
export function describeJob(job: Job, printer: Printer): string {
  const { time } = printer;
  const properties = {
    id: printer.tone('strong', job.id),
    type: job.type,
    status: paintStatus(job.status, printer),
    tenant: job.tenant,
    tags: job.tags.length === 0 ? undefined : job.tags.map(plainText).join(', '),
    created: time(job.createdAt),
    'run at': job.runAt && time(job.runAt),
    started: job.startedAt && time(job.startedAt),
    ran: job.ranMs === undefined ? undefined : `${formatDuration(job.ranMs)} before its last wait`,
    finished: job.finishedAt && `${time(job.finishedAt)}${tookOf(job)}`,
    attempt: `${job.attempt} of ${job.maxAttempts}`,
    priority: job.priority,
    definition: definitionOf(job),
    worker: job.worker && plainText(describeWorker(job.worker, job.workerVersion)),
    progress: job.progress && plainText(describeProgress(job.progress)),
    ...signalsOf(job),
    unique: uniqueOf(job),
    payload: JSON.stringify(job.payload),
    result: job.result === undefined ? undefined : JSON.stringify(job.result),
    error: job.error && plainText(describeError(job.error)),
    unreadable: unreadableIn(job),
  };
  return formatProperties(properties, (text) => printer.tone('quiet', text));
}

function unreadableIn({ unreadableEvents }: Job): string | undefined {
  return unreadableEvents === undefined ? undefined : `${countOf(unreadableEvents, 'event')} of a newer release`;
}

/** The signals that it waits for, and those that no step has read. */
function signalsOf({ awaits, unread = {} }: Job) {
  const counts = Object.entries(unread).map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
  return { 'waits for': awaits?.join(' or '), unread: counts.toSorted().join(', ') || undefined };
}

function definitionOf(job: Job): string | undefined {
  const settings = explainSettings(job);
  return settings && plainText(settings);
}

function tookOf({ startedAt, finishedAt, ranMs }: Job): string {
  if (startedAt === undefined || finishedAt === undefined) return '';
  const since = ranMs === undefined ? 'its start' : 'it went on';
  return `, ${formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))} after ${since}`;
}

function uniqueOf({ unique }: Job): string | undefined {
  if (unique === undefined) return undefined;
  const { by, while: state, forMs } = unique;
  const paths = `by ${plainText(by.join(', '))}`;
  return forMs === undefined ? `${paths}, while ${state}` : `${paths}, for ${formatDuration(forMs)}`;
}

/** Says to people that a command has created no job, but found one. */
export function noteExisting({ id, existing, revised }: CreatedJob, { json, note }: Printer): void {
  const change = revised === true ? ', and was given this payload' : '';
  if (existing === true && !json) note(`no job was created: ${id} holds the unique key${change}`);
}

/** The exit code of a command that waited for a job. */
export function outcomeOf(job: Job): ExitCode {
  if (!hasEnded(job)) return ExitCode.failed;
  return job.status === 'completed' ? ExitCode.ok : ExitCode.negative;
}
