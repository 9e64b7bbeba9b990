import type { JobType } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { TypeState } from '../jobTypes/typeState.tsx';
import { useTypes } from '../jobTypes/useTypes.ts';

/** What is paused, with who did it, since when and why; a pause of all types is one line. Nothing where nothing is. */
export function PausedTypes() {
  const { data = [] } = useTypes();
  const paused = data.filter((type) => type.paused);
  if (paused.length === 0) return null;
  const alone = paused.filter(({ pausedWithAll }) => !pausedWithAll);
  const ofAll = paused.find(({ pausedWithAll }) => pausedWithAll);
  return (
    <section>
      <h2>Paused</h2>
      <ul className="attention-list">
        {ofAll !== undefined && <AllTypes of={ofAll} />}
        {alone.map((type) => (
          <li key={type.type}>
            <Link to="/types/$type" params={{ type: type.type }}>
              {type.type}
            </Link>
            <p>
              <TypeState type={type} />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Each type that was paused with all says the same. */
function AllTypes({ of }: { readonly of: JobType }) {
  return (
    <li>
      <Link to="/types">All types</Link>
      <p>
        <TypeState type={of} />
      </p>
    </li>
  );
}
