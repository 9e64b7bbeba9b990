import { type RefObject, useEffect, useRef } from 'react';
import { isTyping } from '../keys/isTyping.ts';

interface Rows {
  readonly count: number;
  /** Brings a row into the document. */
  readonly show: (index: number) => void;
}

/** Lets `j` and `k` move the focus from row to row; Enter then follows the link of the row. */
export function useRowKeys(scroller: RefObject<HTMLElement | null>, rows: Rows): void {
  const current = useRef(rows);
  useEffect(() => {
    current.current = rows;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = { j: 1, k: -1 }[event.key];
      if (step === undefined || isTyping(event)) return;
      const focused = document.activeElement?.getAttribute('data-row') ?? (step > 0 ? '-1' : '1');
      const index = Math.min(Math.max(Number(focused) + step, 0), current.current.count - 1);
      current.current.show(index);
      requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-row="${index}"]`)?.focus());
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [scroller]);
}
