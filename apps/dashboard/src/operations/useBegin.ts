import type { JobOperation, NewOperation } from '@jobstream/client';
import { useNavigate } from '@tanstack/react-router';
import { type SubmitEvent, useRef, useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import type { Unbegun } from './confirmation.tsx';
import { isHarmless } from './replacedValues.tsx';

/**
 * Begins the operation once, however often it is tried, and goes on to its page. Where its patch would make one value of
 * several, it has been accepted, and `unbegun` is what is to be confirmed.
 */
export function useBegin(operation: NewOperation) {
  const { operations } = useClient();
  const navigate = useNavigate();
  const keys = useRef(new Map<string, string>());
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const [unbegun, setUnbegun] = useState<Unbegun>();
  const show = ({ id }: JobOperation) => navigate({ to: '/operations/$id', params: { id }, replace: true });
  const accept = async (request: NewOperation) => {
    const text = JSON.stringify(request);
    const idempotencyKey = keys.current.get(text) ?? newKey();
    keys.current.set(text, idempotencyKey);
    if (!('patch' in request)) return show(await operations.create(request, { idempotencyKey }));
    const accepted = await operations.create({ ...request, paused: true }, { idempotencyKey });
    if (accepted.status !== 'paused') return show(accepted);
    const replaced = await operations.replaced(accepted.id);
    if (isHarmless(replaced)) return show(await operations.resume(accepted.id));
    setUnbegun({ operation: accepted, request, replaced });
  };
  const begin = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    accept({ ...operation, ...settingsOf(new FormData(event.currentTarget)) })
      .catch(setError)
      .finally(() => setBusy(false));
  };
  /** Goes on to what has begun, or back to the plan, which is a new request then. */
  const decided = (begun: JobOperation | undefined) => {
    keys.current.clear();
    setUnbegun(undefined);
    if (begun !== undefined) void show(begun);
  };
  return { begin, error, busy, unbegun, decided };
}

function settingsOf(fields: FormData): Pick<NewOperation, 'rate' | 'reason'> {
  const [rate, reason] = [Number(fields.get('rate')), fields.get('reason')];
  return {
    ...(rate > 0 ? { rate } : {}),
    ...(typeof reason === 'string' && reason !== '' ? { reason } : {}),
  };
}

/** Without TLS browsers make no UUIDs for pages of another machine. */
function newKey(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}
