import { RequestedUnique as Checked } from '@jobstream/domain';
import * as Schema from 'effect/Schema';

const { by, while: state, forMs, onConflict } = Checked.fields;

/** A unique rule as a request has it, with its description. */
export const RequestedUnique = Schema.Struct({
  by: by.annotateKey({
    description:
      'What two jobs of a type must have in common for the second not to be created: `payload`, or paths into it such as `payload.userId`. The type and the tenant always count, and may stand alone: `type`.',
  }),
  while: state.annotateKey({
    description:
      'How long the rule holds: `waiting` until the first start of the job, `unfinished` until it has ended. Not together with `forMs`.',
    default: 'unfinished',
  }),
  forMs: forMs.annotateKey({
    description: 'The rule holds for these milliseconds from the creation of the job: a second to 30 days.',
  }),
  onConflict: onConflict.annotateKey({
    description:
      'What becomes of a job that holds the key and waits for its first start: nothing (`keep`), it gets the payload of this request (`replace`), or that and its due time, `delayMs` from now (`debounce`).',
    default: 'keep',
  }),
}).annotate({ identifier: 'RequestedUnique' });
