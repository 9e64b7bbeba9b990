/** What of a job is shown, as it stands in the address. */
export interface JobPageSearch {
  /** The version at which the job is looked at; without it, as it is now. */
  readonly at?: number | undefined;
  /** Only events of this name. */
  readonly event?: string | undefined;
  /** Only events in which this text occurs. */
  readonly find?: string | undefined;
  /** The attempt whose logs are shown; without it, the last one. */
  readonly log?: number;
  /** The versions of the two events that are compared. */
  readonly compare?: readonly number[];
}

/** Reads what an address says, and leaves out what is of no use. */
export function readJobPageSearch({ at, event, find, log, compare }: Readonly<Record<string, unknown>>): JobPageSearch {
  const versions = [compare].flat().map(Number).filter(isVersion);
  return {
    ...(isVersion(Number(at)) ? { at: Number(at) } : {}),
    ...(isVersion(Number(log)) ? { log: Number(log) } : {}),
    ...(typeof event === 'string' ? { event } : {}),
    // The router reads `?find=42` as a number.
    ...(typeof find === 'string' || typeof find === 'number' ? { find: String(find) } : {}),
    ...(versions.length === 0 ? {} : { compare: versions.slice(0, 2) }),
  };
}

function isVersion(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}
