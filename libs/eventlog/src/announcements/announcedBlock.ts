import type { MessageFields } from './messages/messageFields.ts';

/** A time during which the event loop of a worker was blocked while jobs of a type ran. */
export interface AnnouncedBlock {
  /** RFC 3339, by the server's clock. */
  readonly since: string;
  readonly durationMs: number;
  /** The jobs of the type that ran, at most 5 of them. */
  readonly jobs: readonly { readonly jobId: string; readonly attempt: number }[];
}

/** A block of a worker, with the jobs of all its types. */
export interface WorkerBlock extends Omit<AnnouncedBlock, 'jobs'> {
  readonly jobs: readonly { readonly jobId: string; readonly type: string; readonly attempt: number }[];
}

interface BlockedType {
  readonly type: string;
  readonly blocked?: readonly AnnouncedBlock[] | undefined;
}

/** What is announced of the blocks of a worker, so that there is room beside the schemas: 4 KB. */
export const MAX_BLOCKS = 10;
export const MAX_BLOCK_JOBS = 5;

/** Reads the blocks of an announcement; more of them, or of their jobs, than may be announced are left out. */
export function blocksOf(fields: readonly MessageFields[]): readonly AnnouncedBlock[] {
  return fields.slice(-MAX_BLOCKS).map((block) => ({
    since: block.instant('since'),
    durationMs: block.count('durationMs'),
    jobs: block
      .objects('jobs')
      .slice(0, MAX_BLOCK_JOBS)
      .map((job) => ({ jobId: job.text('jobId'), attempt: job.count('attempt', 1) })),
  }));
}

/** Returns the blocks that a worker has announced with its types, oldest first. */
export function blocksOfWorker(announcements: readonly BlockedType[]): readonly WorkerBlock[] {
  const blocks = new Map<string, WorkerBlock>();
  for (const { type, blocked = [] } of announcements) {
    for (const { jobs, ...block } of blocked) {
      const ofType = jobs.map(({ jobId, attempt }) => ({ jobId, type, attempt }));
      const before = blocks.get(block.since)?.jobs ?? [];
      blocks.set(block.since, { ...block, jobs: [...before, ...ofType] });
    }
  }
  return [...blocks.values()].toSorted((one, other) => (one.since < other.since ? -1 : 1));
}
