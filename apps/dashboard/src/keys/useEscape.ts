import { useEffect, useRef } from 'react';

/** Calls `onEscape` when Esc is pressed, unless a dialog or a menu above the view, or a search field with a text, takes it. */
export function useEscape(onEscape: () => void): void {
  const current = useRef(onEscape);
  useEffect(() => {
    current.current = onEscape;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented && !event.isComposing && !clears(event)) current.current();
    };
    // Those above it listen at the document, and prevent what else the key would do.
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

/** Browsers empty a search field by this key. */
function clears({ target }: KeyboardEvent): boolean {
  return target instanceof HTMLInputElement && target.type === 'search' && target.value !== '';
}
