import { useEffect, useEffectEvent, useState } from 'react';
import { useNow } from '../format/useNow.ts';
import { Instant } from '../parts/instant.tsx';

const MINUTE_MS = 60_000;
/** How far the slider reaches until it is known how far the past does. */
const REACH_MS = 60 * MINUTE_MS;
/** How long a moment is shown while the past is played, and how much of the slider one step is. */
const STEP_MS = 1_500;
const STEPS = 60;

interface PastSliderProps {
  /** The time that is looked at; undefined for now. RFC 3339. */
  readonly asOf: string | undefined;
  /** How far back it reaches, if that is known. */
  readonly earliest: string | undefined;
  readonly onMove: (asOf: string | undefined) => void;
}

/** Moves a view through time, and says when what is shown is not so any more. */
export function PastSlider({ asOf, earliest, onMove }: PastSliderProps) {
  const now = Math.floor(useNow() / MINUTE_MS) * MINUTE_MS;
  const from = Math.ceil((earliest === undefined ? now - REACH_MS : Date.parse(earliest)) / MINUTE_MS) * MINUTE_MS;
  const at = asOf === undefined ? now : Math.min(Date.parse(asOf), now);
  const move = (to: number) => onMove(to >= now ? undefined : new Date(Math.max(to, from)).toISOString());
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
      <div className="slider">
        <PlayForward active={asOf !== undefined} onStep={() => move(at + Math.max((now - from) / STEPS, MINUTE_MS))} />
        <input
          type="range"
          aria-label="As it was at"
          aria-valuetext={asOf ?? 'now'}
          min={from}
          max={now}
          step={MINUTE_MS}
          value={at}
          onChange={({ target }) => move(Number(target.value))}
        />
        <input
          type="datetime-local"
          aria-label="Date and time"
          value={localTime(at)}
          onChange={({ target }) => target.value !== '' && move(new Date(target.value).getTime())}
        />
      </div>
    </section>
  );
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
