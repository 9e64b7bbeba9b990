import type { NewOperation, OperationCount } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate, useRouterState } from '@tanstack/react-router';
import { type SubmitEvent, useRef, useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Failure } from '../parts/notes.tsx';
import { JsonEditor } from '../payloads/jsonEditor.tsx';
import { readJson } from '../payloads/readJson.ts';
import { useMay } from '../session/session.ts';
import { filterOf, kinds, type OperationSearch, planOf, searchOf } from '../jobs/operationSearch.ts';
import { PatchPreview } from './patchPreview.tsx';
import { Selection } from './selection.tsx';

const route = getRouteApi('/operations/new');

const TITLES = { retry: 'Retry', replay: 'Replay', cancel: 'Cancel' } as const;
const MEANINGS = {
  retry:
    'Failed jobs wait for a worker again, with all their attempts; a patch mends their payloads, and the history keeps the old ones.',
  replay: 'A new job is created for each that has ended, like it, due at once. The old ones stay as they are.',
  cancel: 'Jobs that have not ended end now; running attempts are told to stop.',
} as const;

/** An operation on many jobs before it begins: which jobs, what becomes of them, and how fast. */
export function NewOperationView() {
  const address = route.useSearch();
  const search = searchOf(address, useRouterState({ select: ({ location }) => location.state.operationValues }));
  const may = useMay('jobs:write');
  if (!may) return <p className="dim">Changes need the scope jobs:write.</p>;
  return (
    <article className="operation">
      <h1>{TITLES[address.kind]} many jobs</h1>
      {search === undefined ? <Withheld /> : <Choice search={search} />}
    </article>
  );
}

/** What the address leaves out is in the tab in which the operation was chosen. */
function Withheld() {
  return (
    <p>
      <strong>This address has only a part of the operation.</strong> Values of payloads stay in the tab in which it was
      chosen: begin there, or with the <Link to="/jobs">list of jobs</Link>.
    </p>
  );
}

function Choice({ search }: { readonly search: OperationSearch }) {
  return (
    <>
      <nav className="choices" aria-label="What to do">
        {kinds.map((kind) => (
          <Link key={kind} {...planOf({ ...search, kind })} aria-current={kind === search.kind || undefined}>
            {TITLES[kind]}
          </Link>
        ))}
      </nav>
      <p className="dim">{MEANINGS[search.kind]}</p>
      <Plan key={JSON.stringify(search)} search={search} />
    </>
  );
}

/** The filter is fixed while the plan is looked at, so that the count, the preview and the operation are of the same jobs. */
function Plan({ search }: { readonly search: OperationSearch }) {
  const client = useClient();
  const [filter] = useState(() => filterOf(search));
  const { kind } = search;
  const query = useQuery({
    queryKey: ['operation count', kind, filter],
    queryFn: ({ signal }) => client.operations.preview({ kind, filter }, { signal }),
    refetchInterval: 10_000,
  });
  return (
    <Loaded query={query}>
      {(count) => (
        <>
          <Selection search={search} count={count} />
          {count.matched > 0 && <PlanForm search={search} plan={{ kind, filter }} count={count} />}
        </>
      )}
    </Loaded>
  );
}

interface PlanFormProps {
  readonly search: OperationSearch;
  readonly plan: Pick<NewOperation, 'kind' | 'filter'>;
  readonly count: OperationCount;
}

function PlanForm({ search, plan, count }: PlanFormProps) {
  const [text, setText] = useState(search.patch ?? '');
  const patch = plan.kind === 'cancel' ? {} : patchOf(text);
  const { begin, error, busy } = useBegin({ ...plan, ...patch });
  return (
    <form className="plan" onSubmit={begin}>
      {plan.kind !== 'cancel' && <JsonEditor label={PATCH} text={text} onChange={setText} optional />}
      {patch !== undefined && 'patch' in patch && <PatchPreview plan={plan} patch={patch.patch} />}
      <Settings />
      {error !== undefined && <Failure error={error} />}
      <div className="actions">
        <button type="submit" className="primary" disabled={busy || patch === undefined}>
          {TITLES[plan.kind]} {count.matched.toLocaleString()} {count.matched === 1 ? 'job' : 'jobs'}
        </button>
      </div>
    </form>
  );
}

const PATCH = 'Patch of the payloads (a JSON merge patch: fields are replaced, null removes one; empty for none)';

/** What is typed as a patch, if anything; undefined if it is no JSON. */
function patchOf(text: string): { readonly patch?: unknown } | undefined {
  if (text.trim() === '') return {};
  const typed = readJson(text);
  return 'value' in typed ? { patch: typed.value } : undefined;
}

function Settings() {
  return (
    <div className="settings">
      <label>
        Jobs a second <span className="dim">(empty: as fast as possible)</span>
        <input name="rate" type="number" min={1} max={10_000} step={1} inputMode="numeric" />
      </label>
      <label>
        Reason <span className="dim">(optional, kept in the history)</span>
        <input name="reason" maxLength={1_000} autoComplete="off" />
      </label>
    </div>
  );
}

/** Begins the operation once, however often it is tried, and goes on to its page. */
function useBegin(operation: NewOperation) {
  const client = useClient();
  const navigate = useNavigate();
  const keys = useRef(new Map<string, string>());
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const begin = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const request = { ...operation, ...settingsOf(new FormData(event.currentTarget)) };
    const text = JSON.stringify(request);
    const idempotencyKey = keys.current.get(text) ?? newKey();
    keys.current.set(text, idempotencyKey);
    setBusy(true);
    client.operations
      .create(request, { idempotencyKey })
      .then(({ id }) => navigate({ to: '/operations/$id', params: { id }, replace: true }), setError)
      .finally(() => setBusy(false));
  };
  return { begin, error, busy };
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
