import type { JobOperation, NewOperation, OperationJob, ReplacedValues } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { JsonTree } from '../parts/values/jsonTree.tsx';
import { Failure, Loading } from '../parts/notes.tsx';
import { ReasonlessButton } from '../parts/dialogs/reasonlessButton.tsx';
import { jobsOf, ReplacedList } from './replacedValues.tsx';

/** An operation takes no more ids. */
const MOST_CHOSEN = 1_000;
const STEP = 50;

/** An operation that was accepted and has not begun, with what its patch would replace. */
export interface Unbegun {
  readonly operation: JobOperation;
  readonly request: NewOperation;
  readonly replaced: ReplacedValues;
}

interface ConfirmationProps {
  readonly unbegun: Unbegun;
  readonly verb: string;
  /** Called with the operation that has begun; undefined when none has. */
  readonly onDecided: (operation: JobOperation | undefined) => void;
}

/** Says what a patch would replace in the jobs of an operation, which are fixed, and asks. Where it cannot say, it asks for each job. */
export function Confirmation({ unbegun, verb, onDecided }: ConfirmationProps) {
  const { operations } = useClient();
  const { operation, request, replaced } = unbegun;
  const { id, total } = operation;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const isBlind = replaced.sealed > 0;
  const begin = async () => {
    if (!isBlind) return onDecided(await operations.resume(id));
    const begun = await operations.create({ ...request, filter: { ids: [...chosen] } });
    await operations.cancel(id);
    onDecided(begun);
  };
  const cancel = async () => {
    await operations.cancel(id);
    onDecided(undefined);
  };
  return (
    <section className="confirmation" aria-label="What it replaces" aria-live="polite">
      <h2>Nothing is changed yet</h2>
      <ReplacedList replaced={replaced} />
      {isBlind && <EachJob id={id} chosen={chosen} onChoose={setChosen} />}
      <div className="actions">
        <ReasonlessButton label="Change nothing" of="" onPress={cancel} />
        <ReasonlessButton
          label={isBlind ? `${verb} the ${jobsOf(chosen.size)} chosen` : `Replace them in ${jobsOf(total)}`}
          of=""
          className="primary"
          isDisabled={isBlind && chosen.size === 0}
          onPress={begin}
        />
      </div>
    </section>
  );
}

interface EachJobProps {
  readonly id: string;
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}

function EachJob({ id, chosen, onChoose }: EachJobProps) {
  const { operations } = useClient();
  const [most, setMost] = useState(STEP);
  const { data, error } = useQuery({
    queryKey: ['operation', id, 'to choose'],
    queryFn: async ({ signal }) => {
      const jobs: OperationJob[] = [];
      for await (const job of operations.jobs(id, { signal })) if (jobs.push(job) === MOST_CHOSEN) break;
      return jobs;
    },
  });
  if (data === undefined) return error === null ? <Loading /> : <Failure error={error} />;
  const toggle = (job: string) => {
    const others = new Set(chosen);
    if (!others.delete(job)) others.add(job);
    onChoose(others);
  };
  return (
    <>
      <p>Choose the jobs that are to be changed, one by one:</p>
      <ul className="each-job">
        {data.slice(0, most).map((job) => (
          <li key={job.id}>
            <OneJob id={job.id} isChosen={chosen.has(job.id)} onToggle={() => toggle(job.id)} />
          </li>
        ))}
      </ul>
      {data.length > most && (
        <button type="button" className="more" onClick={() => setMost(most + STEP)}>
          Show more
        </button>
      )}
    </>
  );
}

interface OneJobProps {
  readonly id: string;
  readonly isChosen: boolean;
  readonly onToggle: () => void;
}

function OneJob({ id, isChosen, onToggle }: OneJobProps) {
  const client = useClient();
  const { data } = useQuery({ queryKey: ['job', id], queryFn: ({ signal }) => client.jobs.get(id, { signal }) });
  return (
    <>
      <label>
        <input type="checkbox" checked={isChosen} onChange={onToggle} />
        <span className="sr-only">Change </span>
        <span className="mono">{id}</span>
      </label>{' '}
      <Link to="/jobs/$id" params={{ id }}>
        Look at it
      </Link>
      {data !== undefined && <JsonTree value={data.payload} />}
    </>
  );
}
