import { useNavigate } from '@tanstack/react-router';
import { ExportIncident } from '../incident/exportIncident.tsx';
import { UnfoldControls } from '../parts/unfoldControls.tsx';
import { FilterBox } from './filterBox.tsx';
import { atTime, type JobSearch, notInThePast, sorts, withCondition } from './jobSearch.ts';
import { SavedViews } from './savedViews.tsx';
import { TimeRange } from './timeRange.tsx';

interface FilterBarProps {
  readonly filter: JobSearch;
  readonly types: readonly string[];
  /** Of the jobs that are shown. */
  readonly tags: readonly string[];
}

/** What adds conditions to the list, its order, and what was saved. */
export function FilterBar({ filter, types, tags }: FilterBarProps) {
  const navigate = useNavigate();
  const show = (search: JobSearch) => void navigate({ to: '/jobs', search });
  return (
    <div className="filter-bar">
      <FilterBox
        search={filter}
        types={types}
        tags={tags}
        onChoose={(condition) => show(withCondition(filter, condition))}
      />
      <UnfoldControls>Filters…</UnfoldControls>
      <TimeRange search={filter} onChange={show} />
      <SortPicker filter={filter} onChange={show} />
      <SavedViews search={filter} />
      <ExportIncident select={() => atTime(filter, Date.now())} />
    </div>
  );
}

const ORDERS: Readonly<Record<(typeof sorts)[number], string>> = {
  newest: 'newest first',
  oldest: 'oldest first',
  longest: 'longest first',
  shortest: 'shortest first',
  lastFinished: 'last to end first',
  firstFinished: 'first to end first',
};

interface SortPickerProps {
  readonly filter: JobSearch;
  readonly onChange: (search: JobSearch) => void;
}

function SortPicker({ filter, onChange }: SortPickerProps) {
  const { sort: _sort, ...rest } = filter;
  const choose = (value: string) => {
    const sort = sorts.find((one) => one === value && one !== 'newest');
    onChange(sort === undefined ? rest : { ...rest, sort });
  };
  return (
    <select
      aria-label="Order"
      value={filter.sort ?? 'newest'}
      disabled={notInThePast(filter) !== undefined}
      title={notInThePast(filter)}
      onChange={({ target }) => choose(target.value)}
    >
      {sorts.map((sort) => (
        <option key={sort} value={sort}>
          {ORDERS[sort]}
        </option>
      ))}
    </select>
  );
}
