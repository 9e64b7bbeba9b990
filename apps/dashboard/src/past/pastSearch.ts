/** At which time a view is looked at, as it stands in the address. */
export interface PastSearch {
  /** RFC 3339; without it, now. */
  readonly asOf?: string;
}

/** Reads the time of an address, and leaves out what is none. */
export function readPastSearch({ asOf }: Readonly<Record<string, unknown>>): PastSearch {
  return typeof asOf === 'string' && !Number.isNaN(Date.parse(asOf)) ? { asOf } : {};
}
