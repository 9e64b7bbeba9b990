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
}

/** The rows of the list, of which only those in sight are in the document. */
export function JobRows({ jobs, more, onEnd }: JobRowsProps) {
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
    <div className="rows" role="table" aria-label="Jobs" aria-rowcount={more ? -1 : jobs.length + 1}>
      <Head />
      <div className="scroller" ref={scroller} role="rowgroup" tabIndex={-1}>
        <div role="presentation" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {visible.map(({ index, start }) => {
            const job = jobs[index];
            return job && <JobRow key={job.id} job={job} index={index} top={start} />;
          })}
        </div>
      </div>
    </div>
  );
}

function Head() {
  return (
    <div role="rowgroup">
      <div className="row head" role="row" aria-rowindex={1}>
        {['Status', 'Type', 'Job', 'Attempt', 'Created', 'What happened'].map((name) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
    </div>
  );
}

function JobRow({ job, index, top }: { readonly job: Job; readonly index: number; readonly top: number }) {
  const { id, status, type, attempt, maxAttempts, createdAt } = job;
  return (
    <div className="row" role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
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
