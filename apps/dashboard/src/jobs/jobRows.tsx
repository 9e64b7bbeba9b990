import { hasEnded, type Job } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { formatInstant } from '../format/instant.ts';
import { useRowKeys } from '../keys/useRowKeys.ts';
import { Age } from '../parts/instant.tsx';
import { ShortId } from '../parts/names.tsx';
import { Status } from '../parts/status.tsx';
import type { ListTotal } from './bulkBar.tsx';
import { type Condition, withCondition } from './jobSearch.ts';
import type { KeptRows } from './useJobPages.ts';

/** As in jobs.css: on a phone a row is a card. */
const PHONE = '(max-width: 40rem)';
const [ROW_REM, CARD_REM] = [2, 4.5];

interface JobRowsProps {
  readonly rows: KeptRows;
  readonly total: ListTotal | undefined;
  /** The rows that are chosen, where the caller may change jobs. */
  readonly choice: Choice | undefined;
}

interface Choice {
  readonly chosen: ReadonlySet<string>;
  readonly choose: (ids: readonly string[], isChosen: boolean) => void;
}

/** The rows of the list, of which only those in sight are in the document. */
export function JobRows({ rows: { jobs, first, more, show }, total, choice }: JobRowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const end = first + jobs.length;
  const rem = useSyncExternalStore(onTurned, rowHeight);
  const virtual = useVirtualizer({
    count: end,
    getScrollElement: () => scroller.current,
    estimateSize: () => rem * Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
    overscan: 12,
  });
  useEffect(() => virtual.measure(), [virtual, rem]);
  const visible = virtual.getVirtualItems();
  const [from, to] = [visible[0]?.index ?? 0, visible.at(-1)?.index ?? 0];
  useEffect(() => show(from, to), [show, from, to]);
  useRowKeys(scroller, { first, count: end, show: (index) => virtual.scrollToIndex(index) });
  return (
    <div
      className={choice === undefined ? 'rows' : 'rows choosable'}
      role="table"
      aria-label="Jobs"
      aria-rowcount={rowCountOf(more ? total : { count: end, more })}
    >
      <Head jobs={jobs} choice={choice} />
      <div className="scroller" ref={scroller} role="rowgroup" tabIndex={-1}>
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {visible.map(({ index, start }) => {
            const job = jobs[index - first];
            return job && <JobRow key={job.id} job={job} index={index} top={start} choice={choice} />;
          })}
        </div>
      </div>
    </div>
  );
}

function rowHeight(): number {
  return matchMedia(PHONE).matches ? CARD_REM : ROW_REM;
}

function onTurned(listener: () => void): () => void {
  const phone = matchMedia(PHONE);
  phone.addEventListener('change', listener);
  return () => phone.removeEventListener('change', listener);
}

/** With the head; -1 where it is not known. */
function rowCountOf(total: ListTotal | undefined): number {
  return total === undefined || total.more ? -1 : total.count + 1;
}

/** The heads of the columns, and by which name a style sheet calls each. */
const COLUMNS = [
  ['Status', 'state'],
  ['Type', 'type'],
  ['Job', 'id'],
  ['Attempt', 'attempt'],
  ['Created', 'created'],
  ['Tags', 'tags'],
  ['What happened', 'note'],
] as const;

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
        {COLUMNS.map(([name, column]) => (
          <span key={name} role="columnheader" className={column}>
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
  const { id, status, type, attempt, maxAttempts, createdAt, tags } = job;
  return (
    <div className="row" role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      {choice && <ChooseCell id={id} choice={choice} />}
      <span role="cell" className="state">
        <Status status={status} />
      </span>
      <span role="cell" className="clip type">
        <NarrowLink condition={{ name: 'type', value: type }} />
      </span>
      <span role="cell" className="clip mono id">
        <Link to="/jobs/$id" params={{ id }} data-row={index} title={id}>
          <ShortId id={id} />
        </Link>
      </span>
      <span role="cell" className="attempt">
        {attempt}/{maxAttempts}
      </span>
      <span role="cell" className="created">
        <Age at={createdAt} />
      </span>
      <span role="cell" className="clip tags">
        {tags.map((tag) => (
          <NarrowLink key={tag} condition={{ name: 'tag', value: tag }} />
        ))}
      </span>
      <span role="cell" className="clip dim note">
        {noteOf(job)}
      </span>
    </div>
  );
}

function ChooseCell({ id, choice }: { readonly id: string; readonly choice: Choice }) {
  return (
    <span role="cell" className="choose">
      <input
        type="checkbox"
        aria-label={`Choose ${id}`}
        checked={choice.chosen.has(id)}
        onChange={({ target }) => choice.choose([id], target.checked)}
      />
    </span>
  );
}

/** A name in a row, which narrows the list to the jobs that have it. */
function NarrowLink({ condition }: { readonly condition: Condition }) {
  return (
    <Link from="/jobs" to="/jobs" search={(before) => withCondition(before, condition)}>
      {condition.value}
    </Link>
  );
}

/** What is worth knowing of a job: its priority, while that can matter, and what has happened. */
function noteOf(job: Job): string {
  const priority = hasEnded(job) || job.priority === undefined ? '' : `${job.priority} priority`;
  return [priority, happenedTo(job)].filter(Boolean).join(', ');
}

function happenedTo(job: Job): string {
  const { error, progress, status } = job;
  if (status === 'waiting') return awaitedBy(job);
  if (error !== undefined && status !== 'completed') return `${error.name}: ${error.message}`;
  if (status === 'processing' && progress !== undefined) {
    return [progress.percent === undefined ? [] : `${progress.percent}%`, progress.message ?? []].flat().join(' ');
  }
  return '';
}

/** Until when a job sleeps, or the signals for which it waits. */
function awaitedBy({ awaits, runAt }: Job): string {
  if (awaits !== undefined) return `waits for the signal ${awaits.join(' or ')}`;
  return runAt === undefined ? '' : `sleeps until ${formatInstant(new Date(runAt), new Date())}`;
}
