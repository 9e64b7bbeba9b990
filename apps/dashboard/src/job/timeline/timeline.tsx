import type { JobError, JobEvent } from '@jobstream/client';
import { type ReactNode, useMemo } from 'react';
import { formatDuration } from '../../format/duration.ts';
import { useNow } from '../../format/useNow.ts';
import { useFold } from '../../parts/values/fold.ts';
import { LongText } from '../../parts/values/longText.tsx';
import { ErrorName, WorkerLink } from '../../parts/names.tsx';
import { type Lane, lanesOf } from './lanes.ts';
import { laneText } from './laneText.ts';
import { drawnSpans, spansOf } from './spans.ts';

const TICKS = 4;

interface Scale {
  readonly start: number;
  readonly span: number;
  readonly now: number;
}

interface TimelineProps {
  readonly events: readonly JobEvent[];
  /** Whether time stands still at the last event. */
  readonly ended: boolean;
  /** What stands below the axis. */
  readonly children: ReactNode;
}

/** The attempts of a job on one time axis, each with the wait before it, and with its runs and sleeps. */
export function Timeline({ events, ended, children }: TimelineProps) {
  const lanes = useMemo(() => lanesOf(events), [events]);
  const { segments, showMore } = useFold(lanes.length, { first: 5, last: 45 });
  const clock = useNow();
  const ends = lanes.map(({ waitsFrom, startedAt, endedAt }) => endedAt ?? startedAt ?? waitsFrom);
  const last = Math.max(Date.parse(events.at(-1)?.at ?? ''), ...ends);
  const now = ended ? last : Math.max(clock, last);
  const start = lanes[0]?.waitsFrom ?? now;
  const type = events[0]?.jobType ?? '';
  const scale = { start, span: Math.max(now - start, 1), now };
  return (
    <section className="timeline">
      <h2>Attempts</h2>
      <ol>
        {segments.map((segment) =>
          segment.isShown ? (
            <LaneRows key={segment.from} lanes={lanes} from={segment.from} to={segment.to} scale={scale} type={type} />
          ) : (
            <li key={`left out from ${segment.from}`} className="left-out">
              <button type="button" className="quiet" onClick={() => showMore(segment)}>
                {(segment.to - segment.from).toLocaleString()} attempts in between: show more
              </button>
            </li>
          ),
        )}
      </ol>
      <div className="axis" aria-hidden="true">
        {Array.from({ length: TICKS + 1 }, (_, tick) => (
          <span key={tick}>{tick === 0 ? '0' : `+${formatDuration((scale.span / TICKS) * tick)}`}</span>
        ))}
      </div>
      {children}
    </section>
  );
}

interface LaneRowsProps extends Pick<LaneRowProps, 'scale' | 'type'> {
  readonly lanes: readonly Lane[];
  readonly from: number;
  readonly to: number;
}

function LaneRows({ lanes, from, to, ...rest }: LaneRowsProps) {
  return lanes
    .slice(from, to)
    .map((lane, index) => <LaneRow key={from + index} lane={lane} before={lanes[from + index - 1]} {...rest} />);
}

interface LaneRowProps {
  readonly lane: Lane;
  /** What it has in common with the one before is no link again: a job may have a thousand attempts. */
  readonly before: Lane | undefined;
  readonly scale: Scale;
  readonly type: string;
}

function LaneRow({ lane, before, scale, type }: LaneRowProps) {
  const { waitsFrom, startedAt, endedAt, outcome } = lane;
  const waitEnd = startedAt ?? endedAt ?? scale.now;
  return (
    <li>
      <span className="label">
        {nameOf(lane)}
        <span className="dim">
          {' '}
          {laneText(lane, scale.now)}
          <Runner lane={lane} before={before} />
        </span>
      </span>
      <svg width="100%" height="22" aria-hidden="true">
        <line x1="0" x2="100%" y1="11" y2="11" className="base" />
        <Bar from={waitsFrom} to={waitEnd} scale={scale} kind="wait" />
        {drawnSpans(spansOf(lane, scale.now)).map(({ kind, from, to }) => (
          <Bar
            key={`${kind} ${from}`}
            {...{ from, to, scale }}
            kind={kind === 'run' ? (outcome ?? 'processing') : kind}
          />
        ))}
      </svg>
      {lane.error !== undefined && (
        <span className="lane-error">
          {isAlike(lane.error, before?.error) ? lane.error.name : <ErrorName type={type} error={lane.error} />}:{' '}
          <LongText text={lane.error.message} />
        </span>
      )}
    </li>
  );
}

function nameOf({ attempt, retries = 0 }: Lane): string {
  if (attempt === undefined) return 'Not started';
  return retries === 0 ? `Attempt ${attempt}` : `Attempt ${attempt} after retry ${retries}`;
}

interface BarProps {
  readonly from: number;
  readonly to: number;
  readonly scale: Scale;
  readonly kind: string;
}

function Bar({ from, to, scale: { start, span }, kind }: BarProps) {
  const [left, width] = [((from - start) / span) * 100, ((to - from) / span) * 100];
  const isThin = kind === 'wait' || kind === 'sleep';
  const [y, height] = isThin ? [8, 6] : [3, 16];
  // What takes a moment of hours is still to be seen, also at the right edge.
  const visible = isThin ? width : Math.max(width, 0.4);
  return (
    <rect x={`${Math.min(left, 100 - visible)}%`} width={`${visible}%`} y={y} height={height} rx="2" className={kind} />
  );
}

function isAlike({ name, code }: JobError, other: JobError | undefined): boolean {
  return name === other?.name && code === other.code;
}

/** On which worker an attempt ran. */
function Runner({ lane: { worker, workerVersion }, before }: Pick<LaneRowProps, 'lane' | 'before'>) {
  return (
    <>
      {worker !== undefined && [
        ', on ',
        worker === before?.worker ? worker : <WorkerLink key="worker" worker={worker} />,
      ]}
      {workerVersion !== undefined && `, version ${workerVersion}`}
    </>
  );
}
