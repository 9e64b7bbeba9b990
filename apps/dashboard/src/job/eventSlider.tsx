import type { JobEvent } from '@jobstream/client';
import { useEffect, useState } from 'react';
import { Instant } from '../parts/instant.tsx';

/** How long a state is shown while the history is played. */
const STEP_MS = 700;

interface EventSliderProps {
  readonly events: readonly JobEvent[];
  /** The version that is looked at; undefined for now. */
  readonly at: number | undefined;
  readonly onMove: (at: number | undefined) => void;
}

/** Moves through the history of a job, event by event. */
export function EventSlider({ events, at, onMove }: EventSliderProps) {
  const last = events.length - 1;
  const found = at === undefined ? last : events.findLastIndex(({ version }) => version <= at);
  const index = Math.max(found, 0);
  const event = events[index];
  const move = (to: number) => onMove(to >= last ? undefined : events[Math.max(to, 0)]?.version);
  const [playing, setPlaying] = usePlay(() => {
    move(index + 1);
    return index + 1 < last;
  });
  if (last < 1 || event === undefined) return null;
  const play = () => {
    if (!playing && index === last) move(0);
    setPlaying(!playing);
  };
  return (
    <div className="slider">
      <button type="button" className="quiet" onClick={play}>
        {playing ? 'Stop' : 'Play'}
      </button>
      <input
        type="range"
        aria-label="As it was after event"
        min={0}
        max={last}
        value={index}
        aria-valuetext={`${event.event}, ${index + 1} of ${events.length}`}
        onChange={({ target }) => move(Number(target.value))}
      />
      <span className="place">
        {index + 1} of {events.length} <span className="dim">{event.event}</span> <Instant at={event.at} />
      </span>
    </div>
  );
}

/** Takes a step again and again, until it answers that there is none left. */
function usePlay(step: () => boolean): readonly [boolean, (playing: boolean) => void] {
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => setPlaying(step()), STEP_MS);
    return () => clearTimeout(timer);
  });
  return [playing, setPlaying];
}
