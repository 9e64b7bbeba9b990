import { FormDialog } from '../parts/dialogs/formDialog.tsx';
import { type JobSearch, notInThePast, times } from './jobSearch.ts';

interface TimeRangeProps {
  readonly search: JobSearch;
  readonly onChange: (search: JobSearch) => void;
}

const NAMES = {
  created: 'created',
  updated: 'last changed',
  started: 'started',
  finished: 'ended',
  run: 'due',
} as const;

/** Asks for the two ends of a range of one of the times of a job. */
export function TimeRange({ search, onChange }: TimeRangeProps) {
  return (
    <FormDialog
      action="Times…"
      title="Jobs of a time"
      confirm="Show"
      disabledBecause={notInThePast(search)}
      onSubmit={async (form) => onChange(withRange(search, form))}
    >
      <RangeFields />
    </FormDialog>
  );
}

function RangeFields() {
  return (
    <>
      <label>
        Which were
        <select name="time">
          {times.map((time) => (
            <option key={time} value={time}>
              {NAMES[time]}
            </option>
          ))}
        </select>
      </label>
      <label>
        After <input name="after" type="datetime-local" step={1} />
      </label>
      <label>
        Before <input name="before" type="datetime-local" step={1} />
      </label>
    </>
  );
}

function withRange(search: JobSearch, fields: FormData): JobSearch {
  const time = times.find((one) => one === fields.get('time')) ?? 'created';
  const { [`${time}After` as const]: _after, [`${time}Before` as const]: _before, ...rest } = search;
  const [after, before] = [instantOf(fields.get('after')), instantOf(fields.get('before'))];
  return {
    ...rest,
    ...(after === undefined ? {} : { [`${time}After`]: after }),
    ...(before === undefined ? {} : { [`${time}Before`]: before }),
  };
}

/** A time of the zone of the browser, as it stands in the field. */
function instantOf(value: FormDataEntryValue | null): string | undefined {
  return typeof value === 'string' && value !== '' ? new Date(value).toISOString() : undefined;
}
