import { isTimestamp, type RecordedStep } from '@jobstream/domain';
import { isShredded, isUnreadable } from '@jobstream/eventlog';
import { UnrecoverableError } from '../../handler/handlerErrors.ts';
import { misusedStep } from './stepErrors.ts';

/** Returns the result that an earlier attempt has recorded. Erased is for good; a missing key may be there in the next attempt. */
export function recordedResult({ result }: Pick<RecordedStep, 'result'>, title: string): unknown {
  if (isShredded(result)) throw new UnrecoverableError(`the result of ${title} was erased`, { code: 'PAYLOAD_ERASED' });
  if (isUnreadable(result)) throw new Error(`this worker has no key for the result of ${title}: see PAYLOAD_KEYS`);
  return result;
}

/** Returns the end of a sleep, as it was recorded when that began. */
export function recordedEnd(recorded: RecordedStep, title: string): string {
  const end = recordedResult(recorded, title);
  if (isTimestamp(end)) return end;
  throw misusedStep(`${title} has the name of a step of the job that is no sleep`);
}
