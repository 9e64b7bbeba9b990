import type { Activity } from '@jobstream/client';
import { formatInstant } from '../format/instant.ts';
import { useNewVersions, VersionList, VersionMarks } from '../workers/versionMarks.tsx';

const MINUTE_MS = 60_000;
const HEIGHT = 120;

interface ActivityChartProps {
  readonly activity: Activity;
  /** Of which jobs, if not of all. */
  readonly type?: string;
}

/** Completed and failed jobs of each minute, failed ones hatched and on top; a line for each version of workers that began. */
export function ActivityChart({ activity, type }: ActivityChartProps) {
  const versions = useNewVersions({ from: activity.from, to: activity.to, type });
  const bars = barsOf(activity);
  const most = Math.max(1, ...bars.map(({ completed, failed }) => completed + failed));
  const { completed, failed } = activity.total;
  const summary = `In the last hour ${completed} jobs completed and ${failed} failed; at most ${most} in a minute.`;
  return (
    <section className="chart">
      <h2>Ended jobs a minute, last hour</h2>
      <svg width="100%" height={HEIGHT} role="img" aria-label={summary}>
        <Hatch />
        {bars.map((bar, index) => (
          <Bar key={bar.at} bar={bar} left={(index / bars.length) * 100} most={most} />
        ))}
        <VersionMarks versions={versions} from={activity.from} to={activity.to} height={HEIGHT} />
      </svg>
      <p className="scale">
        <span>{formatInstant(new Date(activity.from), new Date())}</span>
        <span>
          at most {most.toLocaleString()} a minute <i className="key completed" /> completed{' '}
          <i className="key failed" /> failed
        </span>
        <span>now</span>
      </p>
      <VersionList versions={versions} />
    </section>
  );
}

interface Minute {
  readonly at: number;
  readonly completed: number;
  readonly failed: number;
}

function Bar({ bar, left, most }: { readonly bar: Minute; readonly left: number; readonly most: number }) {
  const [good, bad] = [(bar.completed / most) * HEIGHT, (bar.failed / most) * HEIGHT];
  const place = { x: `${left + 0.15}%`, width: '1.35%' };
  return (
    <g>
      <title>{`${formatInstant(new Date(bar.at), new Date())}: ${bar.completed} completed, ${bar.failed} failed`}</title>
      <rect {...place} y={0} height={HEIGHT} className="behind" />
      <rect {...place} y={HEIGHT - good} height={good} className="completed" />
      <rect {...place} y={HEIGHT - good - bad} height={bad} className="failed" />
    </g>
  );
}

function Hatch() {
  return (
    <pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect width="4" height="4" className="ground" />
      <rect width="2" height="4" className="line" />
    </pattern>
  );
}

/** Every minute of the period, also those in which nothing happened. */
function barsOf({ from, to, series }: Activity): readonly Minute[] {
  const known = new Map(series.map((one) => [Date.parse(one.at), one]));
  const [start, end] = [Date.parse(from), Date.parse(to)];
  return Array.from({ length: Math.round((end - start) / MINUTE_MS) }, (_, index) => {
    const at = start + index * MINUTE_MS;
    return { at, completed: known.get(at)?.completed ?? 0, failed: known.get(at)?.failed ?? 0 };
  });
}
