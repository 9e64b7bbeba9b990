import type { FailureGroup, SharedTrait, SharedTraits as Shared } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import { Loaded } from '../parts/loaded.tsx';
import { TagLinks } from '../parts/names.tsx';
import { Unfolding } from '../parts/values/unfolding.tsx';

interface SharedTraitsProps {
  readonly group: Pick<FailureGroup, 'id' | 'name'>;
  readonly window: string;
  readonly startsOpen: boolean;
}

/** What the jobs of a group share and others of the type do not. */
export function SharedTraits({ group: { id, name }, window, startsOpen }: SharedTraitsProps) {
  const summary = (
    <>
      What they share<span className="sr-only">, the jobs of {name}</span>
    </>
  );
  return (
    <div className="shared">
      <Unfolding summary={summary} startsOpen={startsOpen}>
        <Traits failure={id} window={window} />
      </Unfolding>
    </div>
  );
}

function Traits({ failure, window }: { readonly failure: string; readonly window: string }) {
  const client = useClient();
  const query = useQuery({
    queryKey: ['failures', 'shared', failure, window],
    queryFn: ({ signal }) => client.sharedTraits(failure, { window, signal }),
    ...readAgain.slowly,
  });
  return <Loaded query={query}>{(shared) => <Found shared={shared} />}</Loaded>;
}

function Found({ shared: { jobs, others, traits } }: { readonly shared: Shared }) {
  if (jobs < 2) return <p className="dim">One job alone shares nothing.</p>;
  return (
    <>
      {traits.length > 0 && (
        <ul>
          {traits.map((trait) => (
            <li key={`${trait.kind} ${trait.value}`}>
              <Name trait={trait} />: {trait.count.toLocaleString()} of {jobs.toLocaleString()}, elsewhere{' '}
              {trait.elsewhere.toLocaleString()} of {others.toLocaleString()}
            </li>
          ))}
        </ul>
      )}
      <p className="dim">
        {traits.length === 0 && 'No tag and no worker version sets them apart. '}
        The newest {jobs.toLocaleString()} of the group were compared with{' '}
        {others === 0 ? 'no others' : `the newest ${others.toLocaleString()} others`} of the type that are completed or
        failed in another way; at most 1,000 of each.
      </p>
    </>
  );
}

function Name({ trait: { kind, value } }: { readonly trait: SharedTrait }) {
  return kind === 'tag' ? <TagLinks tags={[value]} /> : <>worker version {value}</>;
}
