import type { JobDefinition } from '@jobstream/client';
import { UnrecoverableError } from './handlerErrors.ts';
import { linesOf } from './schemaIssues.ts';

/**
 * Returns the payload of a signal as its schema decodes it.
 *
 * @throws UnrecoverableError `SIGNAL_INVALID` when the schema refuses it: the sender has not known the schema, or it has changed since.
 */
export async function checkedSignal({ signals = {} }: JobDefinition, name: string, payload: unknown): Promise<unknown> {
  const outcome = await signals[name]?.['~standard'].validate(payload);
  if (outcome?.issues === undefined) return outcome?.value;
  const problems = linesOf(outcome.issues, 'payload').join('; ');
  throw new UnrecoverableError(`the signal '${name}' does not match its schema: ${problems}`, {
    code: 'SIGNAL_INVALID',
  });
}
