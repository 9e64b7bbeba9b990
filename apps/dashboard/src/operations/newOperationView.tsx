import type { NewOperation, OperationCount } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useRouterState } from '@tanstack/react-router';
import { useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Failure } from '../parts/notes.tsx';
import { JsonEditor } from '../payloads/jsonEditor.tsx';
import { readJson } from '../payloads/readJson.ts';
import { useMay } from '../session/session.ts';
import { filterOf, kinds, type OperationSearch, planOf, searchOf } from '../jobs/operationSearch.ts';
import type { PayloadChange } from '../payloads/payloadChange.ts';
import { ChangePreview } from './changePreview.tsx';
import { Confirmation } from './confirmation.tsx';
import { EditRows, editsOf, rowsOf } from './editRows.tsx';
import { Selection } from './selection.tsx';
import { jobsOf } from './replacedValues.tsx';
import { useBegin } from './useBegin.ts';

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
    ...readAgain.slowly,
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
  const [rows, setRows] = useState(() => rowsOf(search.edits));
  const isOfPayloads = plan.kind !== 'cancel';
  const change = isOfPayloads ? changeOf(text, editsOf(rows)) : {};
  const { begin, error, busy, unbegun, decided } = useBegin({ ...plan, ...change });
  if (unbegun !== undefined) return <Confirmation unbegun={unbegun} verb={TITLES[plan.kind]} onDecided={decided} />;
  return (
    <form className="plan" onSubmit={begin}>
      {isOfPayloads && <EditRows rows={rows} onChange={setRows} />}
      {isOfPayloads && <JsonEditor label={PATCH} text={text} onChange={setText} optional />}
      {change !== undefined && Object.keys(change).length > 0 && (
        <ChangePreview plan={plan} change={change} matched={count.matched} />
      )}
      <Settings />
      {error !== undefined && <Failure error={error} />}
      <div className="actions">
        <button type="submit" className="primary" disabled={busy || change === undefined}>
          {TITLES[plan.kind]} {jobsOf(count.matched)}
        </button>
      </div>
    </form>
  );
}

const PATCH = 'Patch of the payloads (a JSON merge patch: fields get one value in all jobs; empty for none)';

/** The change that is typed, if any; undefined while it is not complete. */
function changeOf(text: string, edits: PayloadChange['edits']): PayloadChange | undefined {
  if (edits === undefined) return undefined;
  const edited = edits.length === 0 ? {} : { edits };
  if (text.trim() === '') return edited;
  const typed = readJson(text);
  return 'value' in typed ? { ...edited, patch: typed.value } : undefined;
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
