import { useEffect, useEffectEvent, useState } from 'react';
import { useClock } from '../format/useNow.ts';
import { Instant } from '../parts/instant.tsx';

const MINUTE_MS = 60_000;
/** How long a moment is shown while the past is played, and how much of the slider one step is. */
const STEP_MS = 1_500;
const STEPS = 60;

interface PastSliderProps {
  /** The time that is looked at; undefined for now. RFC 3339. */
  readonly asOf: string | undefined;
  /** How far back it reaches; undefined as long as that is not known, null where the past is not kept. */
  readonly earliest: string | null | undefined;
  readonly onMove: (asOf: string | undefined) => void;
}

/** Moves a view through time, and says when what is shown is not so any more. */
export function PastSlider({ asOf, earliest, onMove }: PastSliderProps) {
  return (
    <section className="past-slider" aria-label="Time">
      {asOf !== undefined && (
        <p className="past" role="status">
          <span>
            You look at the past: as it was at <Instant at={asOf} />.
          </span>
          <button type="button" onClick={() => onMove(undefined)}>
            Back to now
          </button>
        </p>
      )}
      {earliest !== null && <Slider asOf={asOf} earliest={earliest} onMove={onMove} />}
    </section>
  );
}

function Slider({ asOf, earliest, onMove }: PastSliderProps) {
  const clock = useClock();
  const now = Math.ceil(clock / MINUTE_MS) * MINUTE_MS;
  const first = earliest ? Math.min(Date.parse(earliest), clock) : clock;
  const from = floored(first);
  const at = asOf === undefined ? now : Math.min(Date.parse(asOf), now);
  const move = (to: number) => onMove(to >= now ? undefined : new Date(Math.max(to, first)).toISOString());
  return (
    <div className="slider">
      <PlayForward active={asOf !== undefined} onStep={() => move(at + Math.max((now - from) / STEPS, MINUTE_MS))} />
      <input
        type="range"
        aria-label="As it was at"
        disabled={earliest === undefined}
        aria-valuetext={asOf ?? 'now'}
        min={from}
        max={now}
        step={MINUTE_MS}
        // On a step: between two, browsers would move it to the next, which may be now.
        value={floored(at)}
        onChange={({ target }) => move(Number(target.value))}
      />
      <input
        type="datetime-local"
        aria-label="Date and time"
        disabled={earliest === undefined}
        value={localTime(Math.min(at, clock))}
        onChange={({ target }) => target.value !== '' && move(new Date(target.value).getTime())}
      />
    </div>
  );
}

/** The minute of a time. */
function floored(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

interface PlayForwardProps {
  /** Whether there is a past to play. */
  readonly active: boolean;
  readonly onStep: () => void;
}

function PlayForward({ active, onStep }: PlayForwardProps) {
  const [playing, setPlaying] = useState(false);
  const plays = playing && active;
  // The view is drawn anew every second, which must not begin the step anew.
  const step = useEffectEvent(onStep);
  useEffect(() => {
    if (!plays) return;
    const timer = setInterval(() => step(), STEP_MS);
    return () => clearInterval(timer);
  }, [plays]);
  return (
    <button
      type="button"
      className="quiet"
      disabled={!active}
      title={active ? undefined : 'Move the slider to a time in the past first'}
      onClick={() => setPlaying(!plays)}
    >
      {plays ? 'Stop' : 'Play forward'}
    </button>
  );
}

/** A time as the fields of browsers have it: in their zone, to the minute. */
function localTime(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * MINUTE_MS);
  return local.toISOString().slice(0, 16);
}
