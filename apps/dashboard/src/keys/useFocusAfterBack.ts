import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';

/** A link by which a view was left: its address, and which of the links with it. */
interface Place {
  readonly href: string;
  readonly nth: number;
}

/** After Back and Forward gives the focus to the link by which the view was left, or to its heading where that is gone. */
export function useFocusAfterBack(): void {
  const router = useRouter();
  useEffect(() => {
    const places = new Map<string, Place>();
    let goesBack = false;
    let awaiting = new AbortController();
    const endings = [
      router.history.subscribe(({ action: { type } }) => {
        goesBack = type === 'BACK' || type === 'FORWARD' || type === 'GO';
      }),
      router.subscribe('onBeforeNavigate', ({ fromLocation }) => {
        awaiting.abort();
        const place = placeOf(document.activeElement);
        if (fromLocation !== undefined && place !== undefined) places.set(fromLocation.state.__TSR_key ?? '', place);
      }),
      router.subscribe('onRendered', ({ toLocation }) => {
        if (!goesBack) return;
        awaiting = new AbortController();
        focusWhenThere(places.get(toLocation.state.__TSR_key ?? ''), awaiting);
      }),
      () => awaiting.abort(),
    ];
    return () => endings.forEach((end) => end());
  }, [router]);
}

function placeOf(element: Element | null): Place | undefined {
  const href = element?.getAttribute('href');
  if (element === null || href === undefined || href === null) return undefined;
  return { href, nth: linksTo(href).indexOf(element as HTMLElement) };
}

function linksTo(href: string): readonly HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('a[href]')].filter((link) => link.getAttribute('href') === href);
}

/** While the link is not there, the heading of its view has the focus; the first key or press of the reader ends the waiting. */
function focusWhenThere(place: Place | undefined, awaiting: AbortController): void {
  const { signal } = awaiting;
  let heading: HTMLElement | null = null;
  const giveFocus = () => {
    const link = place && linksTo(place.href)[place.nth];
    heading = link === undefined ? headingOf() : null;
    (link ?? heading)?.focus({ preventScroll: link === undefined });
  };
  // What is read again may bring the link, or take it away.
  const observer = new MutationObserver(() => {
    if ([document.body, heading].includes(document.activeElement as HTMLElement)) giveFocus();
  });
  signal.addEventListener('abort', () => observer.disconnect());
  for (const event of ['keydown', 'pointerdown']) addEventListener(event, () => awaiting.abort(), { signal });
  observer.observe(document.body, { childList: true, subtree: true });
  giveFocus();
}

function headingOf(): HTMLElement | null {
  const heading = document.querySelector<HTMLElement>('main h1') ?? document.querySelector<HTMLElement>('main');
  if (heading !== null) heading.tabIndex = -1;
  return heading;
}
