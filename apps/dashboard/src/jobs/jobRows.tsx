import type { Job } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { Age } from '../parts/instant.tsx';
import { Status } from '../parts/status.tsx';
import { useRowKeys } from './useRowKeys.ts';

/** As in jobs.css. */
const ROW_HEIGHT_REM = 2;
/** The next page is fetched when so many rows are left. */
const AHEAD = 40;

interface JobRowsProps {
  readonly jobs: readonly Job[];
  readonly more: boolean;
  readonly onEnd: () => void;
  /** The rows that are chosen, where the caller may change jobs. */
  readonly choice?: Choice;
}

interface Choice {
  readonly chosen: ReadonlySet<string>;
  readonly choose: (ids: readonly string[], isChosen: boolean) => void;
}

/** The rows of the list, of which only those in sight are in the document. */
export function JobRows({ jobs, more, onEnd, choice }: JobRowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: jobs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
    overscan: 12,
  });
  const visible = rows.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= jobs.length - AHEAD) onEnd();
  }, [more, last, jobs.length, onEnd]);
  useRowKeys(scroller, { count: jobs.length, show: (index) => rows.scrollToIndex(index) });
  return (
    <div
      className={choice === undefined ? 'rows' : 'rows choosable'}
      role="table"
      aria-label="Jobs"
      aria-rowcount={more ? -1 : jobs.length + 1}
    >
      <Head jobs={jobs} choice={choice} />
      <div className="scroller" ref={scroller} role="rowgroup" tabIndex={-1}>
        <div role="presentation" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {visible.map(({ index, start }) => {
            const job = jobs[index];
            return job && <JobRow key={job.id} job={job} index={index} top={start} choice={choice} />;
          })}
        </div>
      </div>
    </div>
  );
}

interface HeadProps {
  readonly jobs: readonly Job[];
  readonly choice: Choice | undefined;
}

function Head({ jobs, choice }: HeadProps) {
  const all = jobs.length > 0 && jobs.every(({ id }) => choice?.chosen.has(id));
  return (
    <div role="rowgroup">
      <div className="row head" role="row" aria-rowindex={1}>
        {choice && (
          <span role="columnheader" className="choose">
            <input
              type="checkbox"
              aria-label="Choose all that are shown"
              checked={all}
              onChange={() =>
                choice.choose(
                  jobs.map(({ id }) => id),
                  !all,
                )
              }
            />
          </span>
        )}
        {['Status', 'Type', 'Job', 'Attempt', 'Created', 'What happened'].map((name) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
    </div>
  );
}

interface JobRowProps {
  readonly job: Job;
  readonly index: number;
  readonly top: number;
  readonly choice: Choice | undefined;
}

function JobRow({ job, index, top, choice }: JobRowProps) {
  const { id, status, type, attempt, maxAttempts, createdAt } = job;
  return (
    <div className="row" role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      {choice && (
        <span role="cell" className="choose">
          <input
            type="checkbox"
            aria-label={`Choose ${id}`}
            checked={choice.chosen.has(id)}
            onChange={({ target }) => choice.choose([id], target.checked)}
          />
        </span>
      )}
      <span role="cell">
        <Status status={status} />
      </span>
      <span role="cell" className="clip">
        {type}
      </span>
      <span role="cell" className="clip mono">
        <Link to="/jobs/$id" params={{ id }} data-row={index}>
          {id}
        </Link>
      </span>
      <span role="cell" className="number">
        {attempt}/{maxAttempts}
      </span>
      <span role="cell">
        <Age at={createdAt} />
      </span>
      <span role="cell" className="clip dim">
        {noteOf(job)}
      </span>
    </div>
  );
}

function noteOf({ error, progress, tags, status }: Job): string {
  if (error !== undefined && status !== 'completed') return `${error.name}: ${error.message}`;
  if (status === 'processing' && progress !== undefined) {
    return [progress.percent === undefined ? [] : `${progress.percent}%`, progress.message ?? []].flat().join(' ');
  }
  return tags.join(', ');
}
