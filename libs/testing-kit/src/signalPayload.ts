import { type JobDefinition, NotFoundError } from '@jobstream/client';
import { invalid } from './newJob.ts';

/**
 * Checks a signal as the API does, and returns its payload as it is stored.
 *
 * @throws NotFoundError when the definition has no such signal; InvalidRequestError when its schema refuses the payload.
 */
export async function signalPayload(
  { type, signals = {} }: JobDefinition,
  name: string,
  payload: unknown,
): Promise<unknown> {
  if (!Object.hasOwn(signals, name)) {
    const known = Object.keys(signals);
    const has = known.length === 0 ? 'none' : known.join(', ');
    throw new NotFoundError(`the definition of ${type} has no signal '${name}', it has ${has}`, { status: 404 });
  }
  const stored: unknown = payload === undefined ? null : JSON.parse(JSON.stringify(payload));
  const { issues } = (await signals[name]?.['~standard'].validate(stored)) ?? {};
  if (issues === undefined) return stored;
  throw invalid(
    issues.map(({ path = [], message }) => ({
      pointer: ['/payload', ...path.map((segment) => String(typeof segment === 'object' ? segment.key : segment))].join(
        '/',
      ),
      detail: message,
    })),
  );
}
