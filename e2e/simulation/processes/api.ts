import { applyCommand, type AppliedCommand } from '@jobstream/api/applyCommand';
import {
  appendNewJob,
  creationEvent,
  existingJob,
  findExistingJob,
  identityOfKey,
  type AppendDeps,
  type CreateJobRequest,
} from '@jobstream/creation';
import { decide, isRejection, type JobCommandOf, timestampOf } from '@jobstream/domain';
import { decideAgain, type JobSnapshot, newId } from '@jobstream/eventlog';
import type { Mortal } from '../world/mortal.ts';
import type { World } from '../world/world.ts';

/** What a client is told of a creation: its own job, or the one that holds its unique key. */
export interface Answer {
  readonly kind: 'created' | 'held';
  readonly id: string;
}

export type Change = Pick<AppliedCommand, 'kind'> & { readonly priority?: 'high' | 'normal' | 'low' };

/** A signal that a client sends. */
export interface SentSignal {
  readonly id: string;
  readonly name: string;
  readonly payload: unknown;
}

type Deps = AppendDeps & Parameters<typeof applyCommand>[2];

/** The core of an API process: what its routes do for a request once they have decoded it. */
export class Api {
  readonly process: Mortal;
  readonly #deps: Deps;

  constructor(world: World, name: string) {
    this.process = world.process(name);
    const log = world.logOf(this.process);
    const table = { findJob: (id: string) => this.process.ask(`row ${id}`, async () => world.rowOf(id)) };
    // Of the dependencies of a route its core uses these alone.
    this.#deps = { log: world.sabotage.api?.(log) ?? log, table } as unknown as Deps;
  }

  /** As `POST /api/jobs`. */
  async create(request: CreateJobRequest, key?: string): Promise<Answer> {
    const identity = key === undefined ? { jobId: newId() } : identityOfKey(key, request);
    const event = creationEvent({ request, identity, context: this.#context() });
    const creation = await appendNewJob(event, this.#deps, request.unique?.onConflict);
    if (creation.kind === 'held') return { kind: 'held', id: creation.holder.job.id };
    if (creation.kind === 'exists') await existingJob(event.jobId, (id) => findExistingJob(id, this.#deps));
    return { kind: 'created', id: event.jobId };
  }

  /** As the routes that change a job. Returns whether it was changed. */
  async change(id: string, change: Change): Promise<boolean> {
    const command = { ...this.#context(), ...change } as AppliedCommand;
    const applied = await applyCommand({ id }, command, this.#deps);
    if (applied === undefined || applied.rejection !== undefined) return false;
    const { type, priority } = applied.job;
    if (change.kind === 'RunJobNow')
      await this.#deps.log.wakeNow({ jobId: id, jobType: type, priority, at: command.at });
    return true;
  }

  /** As the route that sends a signal, with a key from which its id follows. Returns whether the job has it. */
  async signal(id: string, signal: SentSignal): Promise<boolean> {
    const { log } = this.#deps;
    return decideAgain(async () => {
      const found = await log.readJob(id);
      if (found === undefined) return false;
      if (hasSignal(found, signal.id)) return true;
      const { name, payload } = signal;
      const command: JobCommandOf<'SignalJob'> = {
        ...this.#context(),
        kind: 'SignalJob',
        eventId: signal.id,
        name,
        payload,
      };
      const decision = decide(command, found.job);
      if (isRejection(decision)) return false;
      await log.lanes.open(found.job.type, 'signalled');
      await log.append(decision, found.sequence);
      return true;
    });
  }

  #context() {
    const actor = { kind: 'user', id: 'client' } as const;
    return { eventId: newId(), at: timestampOf(this.#deps.log.clock.now()), actor };
  }
}

/** Whether the job has got the signal before: it is unread, in the log, or a step has read it. */
function hasSignal({ signals = [], sequences, steps = [] }: JobSnapshot, id: string): boolean {
  return (
    signals.some((one) => one.id === id) || sequences?.has(id) === true || steps.some(({ signal }) => signal?.id === id)
  );
}
