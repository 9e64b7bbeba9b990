import { type RefObject, useEffect, useRef } from 'react';
import { isTyping } from './isTyping.ts';

interface Rows {
  readonly count: number;
  /** The first row that can be shown, if those before it cannot. */
  readonly first?: number;
  /** Brings a row into the document that is not always there. */
  readonly show?: (index: number) => void;
}

/**
 * Lets `j` and `k` move the focus from row to row: to what has `data-row`, or the first control in it. Enter then follows
 * the link of the row.
 */
export function useRowKeys(scroller: RefObject<HTMLElement | null>, rows: Rows): void {
  const current = useRef(rows);
  useEffect(() => {
    current.current = rows;
  });
  useEffect(() => {
    /** The row that is not in the document yet. */
    let awaited: number | undefined;
    const focus = (index: number) => {
      const row = `[data-row="${index}"]`;
      const control = `${row}:is(a, summary), ${row} :is(a, button, summary)`;
      const found = scroller.current?.querySelector<HTMLElement>(control);
      found?.focus();
      awaited = found ? undefined : index;
    };
    const onKey = (event: KeyboardEvent) => {
      const step = { j: 1, k: -1 }[event.key];
      if (step === undefined || isTyping(event)) return;
      const { first = 0, count, show } = current.current;
      const focused =
        awaited ?? document.activeElement?.closest('[data-row]')?.getAttribute('data-row') ?? first - step;
      const index = Math.min(Math.max(Number(focused) + step, first), count - 1);
      show?.(index);
      focus(index); // keys come faster than frames
      if (awaited !== undefined) requestAnimationFrame(() => awaited !== undefined && focus(awaited));
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [scroller]);
}
