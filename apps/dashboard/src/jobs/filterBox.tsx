import { Autocomplete } from '@base-ui/react/autocomplete';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { useSession } from '../session/session.ts';
import { type FilterOption, type KnownValues, optionsFor } from './filterOptions.ts';
import { type Condition, type JobSearch, takes } from './jobSearch.ts';

interface FilterBoxProps {
  readonly search: JobSearch;
  readonly types: readonly string[];
  /** Of the jobs that are shown. */
  readonly tags: readonly string[];
  readonly onChoose: (condition: Condition) => void;
}

/** Offers conditions while one types, of what jobs are known to have and of the text itself. */
export function FilterBox({ search, types, tags, onChoose }: FilterBoxProps) {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const known = { types, tags, ...useKnown(open) };
  return (
    <Autocomplete.Root
      items={optionsFor(text, known).filter((option) => takes(search, option))}
      filter={null}
      value={text}
      open={open}
      onOpenChange={setOpen}
      onValueChange={(value, { reason }) => setText(reason === 'item-press' ? '' : value)}
      itemToStringValue={({ label }: FilterOption) => label}
      autoHighlight
      openOnInputClick
    >
      <Autocomplete.Input
        className="filter-box"
        aria-label="Add a filter"
        placeholder="Filter: type, error, tag, customer=…"
        spellCheck={false}
      />
      <Autocomplete.Portal>
        <Autocomplete.Positioner className="above" sideOffset={4} align="start">
          <Autocomplete.Popup className="options">
            <Autocomplete.List aria-label="Filters">
              {(option: FilterOption) => (
                <Autocomplete.Item key={option.label} value={option} onClick={() => onChoose(option)}>
                  {option.label}
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Popup>
        </Autocomplete.Positioner>
      </Autocomplete.Portal>
    </Autocomplete.Root>
  );
}

/** What workers and errors there are; asked for when the box is opened. */
function useKnown(open: boolean): Pick<KnownValues, 'workers' | 'errorNames' | 'errorCodes'> {
  const client = useClient();
  const { tenant } = useSession();
  const workers = useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => client.workers.list({ signal }),
    enabled: open && tenant === undefined,
  });
  const failures = useQuery({
    queryKey: ['failures', '24h', ''],
    queryFn: ({ signal }) => client.failures({}, { signal }),
    enabled: open,
    staleTime: 30_000,
  });
  const groups = failures.data?.items ?? [];
  return {
    workers: workers.data?.map(({ worker }) => worker) ?? [],
    errorNames: [...new Set(groups.map(({ name }) => name))],
    errorCodes: [...new Set(groups.flatMap(({ code }) => code ?? []))],
  };
}
