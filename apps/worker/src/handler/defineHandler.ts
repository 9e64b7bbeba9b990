import { JobType } from '@jobstream/domain';
import { Schema } from 'effect';
import { decodePayload } from './decodePayload.ts';
import type { JobContext } from './jobContext.ts';

export interface HandlerDefinition<Payload> {
  readonly type: string;
  readonly payload: Schema.Decoder<Payload>;
  /** Does the work; what it returns becomes the job's result and must be JSON, or undefined. */
  readonly run: (payload: Payload, ctx: JobContext) => unknown;
}

/** A handler as the worker sees it: the payload is checked by the handler itself. */
export interface Handler {
  readonly type: JobType;
  /** Rejects with an InvalidPayloadError before anything was done, or with what the handler throws. */
  run(payload: unknown, ctx: JobContext): Promise<unknown>;
}

/** Makes the handler of one job type; `run` gets the payload as its schema decodes it. */
export function defineHandler<Payload>({ type, payload, run }: HandlerDefinition<Payload>): Handler {
  const decode = decodePayload(payload);
  return {
    type: Schema.decodeUnknownSync(JobType)(type),
    run: async (raw, ctx) => run(decode(raw), ctx),
  };
}
