/** Which jobs a process creates or runs. */
export interface JobOrder {
  readonly jobs: number;
  /** Number of types; the jobs are spread over them. */
  readonly types: number;
  readonly payloadBytes: number;
}

/** What a process of the growth measurement is told. */
export type Order =
  | ({ readonly do: 'create' } & JobOrder)
  | { readonly do: 'work'; readonly types: number; readonly concurrency: number }
  | { readonly do: 'stop' };

/** What it says: that it has done what it was told, or how many jobs it has completed so far. */
export type Report = { readonly done: true } | { readonly completed: number };

export function typeName(index: number): string {
  return `growth-${index}`;
}
