import type { Actor } from '../operate/actor.ts';

/** How many jobs of the type are ahead; only of a single job, and left out where counting them would take long. */
interface Queued {
  /** Up to 10,000. */
  readonly ahead?: number;
  /** There are more than were counted. */
  readonly aheadIsMore?: true;
  /** How long they take at the rate of the last minute. */
  readonly estimateMs?: number;
}

interface Running {
  readonly attempt: number;
  readonly worker?: string;
  readonly since?: string;
}

/** Why an unfinished job does not run, or that it does: the first reason that holds. Releases may add reasons. */
export type WaitingFor =
  /** It has events of a newer release than the API. */
  | { readonly reason: 'upgrade'; readonly unreadableEvents: number }
  | ({ readonly reason: 'running' } & Running)
  /** It ran on a worker that lives no more, and soon runs on another. */
  | ({ readonly reason: 'lostWorker' } & Running)
  | { readonly reason: 'due'; readonly at: string }
  /** The attempt has failed; the next one begins at `until`. */
  | { readonly reason: 'backoff'; readonly attempt: number; readonly until: string }
  /** The attempt goes on at `until`, when the sleep with this name and key is over. Lists leave both out. */
  | {
      readonly reason: 'sleep';
      readonly attempt: number;
      readonly until: string;
      readonly name?: string;
      readonly key?: string;
    }
  /**
   * The attempt goes on when a signal of one of these names comes, or at `until`, if a time limit or a sleep ends then. Lists leave `until`
   * out. `since` is the last change of the job.
   */
  | {
      readonly reason: 'signal';
      readonly attempt: number;
      readonly names: readonly string[];
      readonly since: string;
      readonly until?: string;
    }
  /** Its type is paused, until then or until it is resumed. */
  | {
      readonly reason: 'paused';
      readonly since?: string;
      readonly by?: Actor;
      readonly why?: string;
      /** All types were paused. */
      readonly all?: true;
      readonly until?: string;
    }
  /** No living worker takes its type; `announced`: one has within the last day. */
  | { readonly reason: 'noWorker'; readonly announced: boolean }
  /** The workers hold as many jobs of the type as they run at once. */
  | ({ readonly reason: 'concurrency'; readonly inFlight?: number; readonly limit?: number } & Queued)
  /** They have started as many as their rate allows, such as `20/m`. */
  | ({ readonly reason: 'rateLimit'; readonly rate?: string } & Queued)
  | ({ readonly reason: 'queue' } & Queued);
