import { useQuery } from '@tanstack/react-query';
import { formatBytes } from '../format/bytes.ts';
import { formatDuration } from '../format/duration.ts';
import { useSession } from '../session/session.ts';
import { readGauges } from './gauges.ts';
import { readAgain } from '../live/readAgain.ts';

/** Beyond it operators are warned, as in the alerts of docs/metrics.md. */
const CLOCK_WARNING_S = 5;
const LEFT_WARNING_BYTES = 1_000_000_000;

/** How much the log can still store, and how far clocks are apart, from the metrics of the API. */
export function SystemFigures() {
  const { tenant } = useSession();
  const { data } = useQuery({
    queryKey: ['metrics'],
    queryFn: ({ signal }) => readMetrics(signal),
    ...readAgain.slowly,
    enabled: tenant === undefined,
  });
  const left = data?.get('jobstream_log_left_bytes');
  const offset = data?.get('jobstream_clock_offset_seconds')?.[0];
  return (
    <>
      {left !== undefined && (
        <Figure name="The log can store" warn={Math.min(...left) < LEFT_WARNING_BYTES}>
          {formatBytes(Math.min(...left))}
        </Figure>
      )}
      {offset !== undefined && (
        <Figure name="Clock against the log" warn={Math.abs(offset) > CLOCK_WARNING_S}>
          {`${offset < 0 ? '−' : '+'}${formatDuration(Math.abs(offset) * 1_000)}`}
        </Figure>
      )}
    </>
  );
}

interface FigureProps {
  readonly name: string;
  readonly warn: boolean;
  readonly children: string;
}

/** A number of the system: there are no jobs behind it. */
function Figure({ name, warn, children }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={warn ? 'warn' : undefined}>
        {warn && '! '}
        {children}
      </dd>
    </div>
  );
}

async function readMetrics(signal: AbortSignal): Promise<ReadonlyMap<string, readonly number[]>> {
  const response = await fetch('/metrics', { signal });
  if (!response.ok) throw new Error(`the metrics were answered ${response.status}`);
  return readGauges(await response.text());
}
