import { formatAge } from '../format/duration.ts';
import { formatInstant, formatUtc } from '../format/instant.ts';
import { useNow } from '../format/useNow.ts';

/** A time in the zone of the browser, with UTC as its title. */
export function Instant({ at }: { readonly at: string }) {
  const date = new Date(at);
  return (
    <time dateTime={at} title={formatUtc(date)}>
      {formatInstant(date, new Date())}
    </time>
  );
}

/** How long ago a time is, or how far ahead. */
export function Age({ at }: { readonly at: string }) {
  const text = formatAge(useNow() - Date.parse(at));
  return (
    <time dateTime={at} title={formatUtc(new Date(at))}>
      {text}
    </time>
  );
}
