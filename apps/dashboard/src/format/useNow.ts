import { createContext, useContext, useSyncExternalStore } from 'react';

let now = Date.now();

function subscribe(onChange: () => void): () => void {
  const timer = setInterval(() => {
    now = Date.now();
    onChange();
  }, 1_000);
  return () => clearInterval(timer);
}

/** The time that the views below look at, in milliseconds; undefined for now. */
export const AsOfTime = createContext<number | undefined>(undefined);

/** Returns the time that the view looks at in milliseconds: ages count from it. Now is renewed every second. */
export function useNow(): number {
  const shown = useContext(AsOfTime);
  const clock = useClock();
  return shown ?? clock;
}

/** Returns the time in milliseconds, renewed every second. */
export function useClock(): number {
  return useSyncExternalStore(subscribe, () => now);
}
