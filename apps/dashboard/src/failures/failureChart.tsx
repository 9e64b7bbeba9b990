import type { FailureGroup, Failures } from '@jobstream/client';
import { formatInstant } from '../format/instant.ts';
import { useNewVersions, VersionList, VersionMarks } from '../workers/versionMarks.tsx';

const [WIDTH, HEIGHT] = [160, 32];
const PERIODS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
/** More periods than there is room for are drawn together. */
const MOST_BARS = 60;
/** Of new versions, the newest. */
const MOST_MARKS = 3;

interface FailureChartProps {
  readonly group: FailureGroup;
  readonly failures: Failures;
}

/** When the jobs of a group failed, and when new versions of the workers of their type began. */
export function FailureChart({ group, failures }: FailureChartProps) {
  const { from, to } = failures;
  const versions = useNewVersions({ from, to, type: group.type }, MOST_MARKS);
  const bars = barsOf(group, failures);
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const width = WIDTH / bars.length;
  const summary = `${group.count} failures over the window, at most ${most} at a time`;
  return (
    <div>
      <svg className="failure-chart" width={WIDTH} height={HEIGHT} role="img" aria-label={summary}>
        <line x1={0} x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
        {bars.map(({ at, count }, index) => {
          const height = count === 0 ? 0 : Math.max(2, (count / most) * (HEIGHT - 2));
          return (
            <rect key={at} x={index * width} y={HEIGHT - height} width={Math.max(1, width - 1)} height={height}>
              <title>{`${formatInstant(new Date(at), new Date())}: ${count.toLocaleString()}`}</title>
            </rect>
          );
        })}
        <VersionMarks versions={versions} from={from} to={to} height={HEIGHT} />
      </svg>
      <VersionList versions={versions} />
    </div>
  );
}

interface Bar {
  /** Milliseconds. */
  readonly at: number;
  readonly count: number;
}

/** Every period of the window, also those without a failure. */
function barsOf({ series }: FailureGroup, { from, to, resolution }: Failures): readonly Bar[] {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const periods = Math.max(1, Math.ceil((end - start) / PERIODS[resolution]));
  const step = PERIODS[resolution] * Math.ceil(periods / MOST_BARS);
  const counts = new Map<number, number>();
  for (const { at, count } of series) {
    const index = Math.max(0, Math.floor((Date.parse(at) - start) / step));
    counts.set(index, (counts.get(index) ?? 0) + count);
  }
  return Array.from({ length: Math.ceil((end - start) / step) }, (_, index) => ({
    at: start + index * step,
    count: counts.get(index) ?? 0,
  }));
}
