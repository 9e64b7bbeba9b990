import { Link, useNavigate } from '@tanstack/react-router';
import type { SubmitEvent } from 'react';
import { UnfoldControls } from '../parts/unfoldControls.tsx';
import { type AuditSearch, outcomes } from './auditSearch.ts';

/** Changes that one looks for; the list of an installation may have others. */
const ACTIONS = [
  'job.cancel',
  'job.retry',
  'job.run-now',
  'job.erase',
  'operation.create',
  'type.pause',
  'type.resume',
  'schedule.create',
  'schedule.change',
  'schedule.delete',
  'key.create',
  'key.revoke',
  'session.start',
];

/** The filters of the audit log: what, who, which subject, when and how it went. */
export function AuditFilters({ search }: { readonly search: AuditSearch }) {
  const navigate = useNavigate();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    void navigate({ to: '/audit', search: searchOf(new FormData(event.currentTarget)) });
  };
  return (
    <form className="audit-filters" onSubmit={submit} key={JSON.stringify(search)}>
      <UnfoldControls>Filters…</UnfoldControls>
      <Text name="action" label="Action" value={search.action} list="audit-actions" />
      <datalist id="audit-actions">
        {ACTIONS.map((action) => (
          <option key={action} value={action} />
        ))}
      </datalist>
      <Text name="actor" label="Actor" value={search.actor} />
      <Text name="subjectId" label="Subject" value={search.subjectId} />
      <label>
        Outcome
        <select name="outcome" defaultValue={search.outcome ?? ''}>
          <option value="">all</option>
          {outcomes.map((outcome) => (
            <option key={outcome}>{outcome}</option>
          ))}
        </select>
      </label>
      <Time name="from" label="From" value={search.from} />
      <Time name="to" label="To" value={search.to} />
      <div className="actions">
        <button type="submit">Filter</button>
        {Object.keys(search).length > 0 && (
          <Link to="/audit" search={{}}>
            All
          </Link>
        )}
      </div>
    </form>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly list?: string;
}

function Text({ name, label, value = '', list }: FieldProps) {
  return (
    <label>
      {label}
      <input name={name} defaultValue={value} list={list} autoComplete="off" spellCheck={false} />
    </label>
  );
}

function Time({ name, label, value }: FieldProps) {
  return (
    <label>
      {label}
      <input name={name} type="datetime-local" defaultValue={value === undefined ? '' : localTime(new Date(value))} />
    </label>
  );
}

/** A time as the fields of browsers have it: in their zone, to the minute. */
function localTime(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

function searchOf(form: FormData): AuditSearch {
  const fields = [...form].filter((field): field is [string, string] => field[1] !== '');
  return Object.fromEntries(
    fields.map(([name, value]) => [name, name === 'from' || name === 'to' ? new Date(value).toISOString() : value]),
  );
}
