import type { JobEvent, LogLine } from '@jobstream/client';
import { useEffect, useState } from 'react';
import { formatUtc } from '../format/instant.ts';
import { useClient } from '../live/dashboardContext.ts';
import { CopyButton } from '../parts/copyButton.tsx';
import { Failure } from '../parts/notes.tsx';
import { useMay } from '../session/session.ts';

const MOST_LISTED = 50;

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

interface AttemptLogsProps {
  readonly id: string;
  readonly events: readonly JobEvent[];
  readonly attempt: number | undefined;
  readonly onAttempt: (attempt: number) => void;
}

/** What the handler has logged in an attempt, followed live, for those who may see it. */
export function AttemptLogs({ id, events, attempt: chosen, onAttempt }: AttemptLogsProps) {
  const mayDebug = useMay('jobs:debug');
  const begun = events.flatMap((event) =>
    event.event === 'JobStarted' || event.event === 'JobResumed' ? [event.data.attempt] : [],
  );
  const attempts = [...new Set(begun)];
  const attempt = chosen ?? begun.at(-1);
  if (attempt === undefined) return null;
  return (
    <section aria-labelledby="logs">
      <h2 id="logs">Logs</h2>
      {mayDebug ? (
        <>
          <label className="log-attempt">
            Attempt <AttemptChoice attempts={attempts} attempt={attempt} onAttempt={onAttempt} />
          </label>
          <Lines key={`${id} ${attempt}`} id={id} attempt={attempt} />
        </>
      ) : (
        <p className="dim">The logs of attempts need the scope jobs:debug.</p>
      )}
    </section>
  );
}

interface AttemptChoiceProps extends Pick<AttemptLogsProps, 'onAttempt'> {
  readonly attempts: readonly number[];
  readonly attempt: number;
}

/** As a list, or as a number where there are many. */
function AttemptChoice({ attempts, attempt, onAttempt }: AttemptChoiceProps) {
  if (attempts.length > MOST_LISTED) {
    const choose = (typed: number) => attempts.includes(typed) && onAttempt(typed);
    const most = Math.max(...attempts);
    return (
      <input
        key={attempt}
        type="number"
        min={1}
        max={most}
        defaultValue={attempt}
        onChange={({ target }) => choose(target.valueAsNumber)}
      />
    );
  }
  return (
    <select value={attempt} onChange={({ target }) => onAttempt(Number(target.value))}>
      {attempts.map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  );
}

function Lines({ id, attempt }: { readonly id: string; readonly attempt: number }) {
  const { lines, following, error } = useLogs(id, attempt);
  const [filter, setFilter] = useState<LineFilter>({ level: 'debug', find: '' });
  const shown = lines.filter((line) => matches(line, filter));
  return (
    <>
      <Controls filter={filter} onFilter={setFilter} text={shown.map(textOf).join('\n')} />
      {error !== undefined && <Failure error={error} />}
      {lines.length === 0 && !following && error === undefined && (
        <p className="dim">
          Its handler has logged nothing with <code>ctx.log</code>, or it is not kept any more.
        </p>
      )}
      {shown.length > 0 && (
        <pre className="log" role="log" aria-label={`Log of attempt ${attempt}`} tabIndex={0}>
          {shown.map((line, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- lines only come at the end
            <span key={index} className={line.level}>{`${textOf(line)}\n`}</span>
          ))}
        </pre>
      )}
      <p className="dim" aria-live="polite">
        {following ? 'Following the attempt…' : `${shown.length} of ${lines.length} lines`}
      </p>
    </>
  );
}

interface LineFilter {
  /** The lowest one that is shown. */
  readonly level: LogLine['level'];
  readonly find: string;
}

interface ControlsProps {
  readonly filter: LineFilter;
  readonly onFilter: (filter: LineFilter) => void;
  /** What is copied. */
  readonly text: string;
}

function Controls({ filter, onFilter, text }: ControlsProps) {
  return (
    <div className="event-filter" role="search" aria-label="Log lines">
      <select
        aria-label="Lowest level"
        value={filter.level}
        onChange={({ target }) => onFilter({ ...filter, level: target.value as LogLine['level'] })}
      >
        {LEVELS.map((level) => (
          <option key={level}>{level}</option>
        ))}
      </select>
      <input
        type="search"
        aria-label="Find in log lines"
        placeholder="message or field…"
        value={filter.find}
        onChange={({ target }) => onFilter({ ...filter, find: target.value })}
      />
      <CopyButton text={text} label="Copy lines" />
    </div>
  );
}

function matches(line: LogLine, { level, find }: LineFilter): boolean {
  if (LEVELS.indexOf(line.level) < LEVELS.indexOf(level)) return false;
  return textOf(line).toLowerCase().includes(find.toLowerCase());
}

/** A line as it is shown and copied. */
function textOf({ time, level, message, fields }: LogLine): string {
  const rest = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
  return `${formatUtc(new Date(time))} ${level.padEnd(5)} ${message}${rest}`;
}

/** The lines of an attempt so far, and those that come until it is over. */
function useLogs(id: string, attempt: number) {
  const client = useClient();
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [following, setFollowing] = useState(true);
  const [error, setError] = useState<Error>();
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const follow = async () => {
      for await (const line of client.jobs.followLogs(id, attempt, { signal })) setLines((before) => [...before, line]);
    };
    follow()
      .catch((reason: Error) => signal.aborted || setError(reason))
      .finally(() => signal.aborted || setFollowing(false));
    return () => ending.abort();
  }, [client, id, attempt]);
  return { lines, following, error };
}
