import { useLocation } from '@tanstack/react-router';

interface Target {
  readonly id: string;
  readonly 'aria-current'?: true;
  readonly ref?: (element: HTMLElement | null) => void;
}

/**
 * Gives the attributes of an element that an address may name after `#`. The one that it names comes into sight as soon as it is
 * there, which for rows that are read is long after the view has begun.
 */
export function useTarget(): (id: string) => Target {
  const { hash } = useLocation();
  return (id) => (id === hash ? { id, 'aria-current': true, ref: comeIntoSight } : { id });
}

/** Of one identity, so that it is called once for an element. */
function comeIntoSight(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'center' });
}
