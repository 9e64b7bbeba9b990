import { Popover } from '@base-ui/react/popover';
import { Link } from '@tanstack/react-router';
import { type SubmitEvent, useState } from 'react';
import { CopyButton } from '../parts/copyButton.tsx';
import { useSession } from '../session/session.ts';
import { type JobSearch, readJobSearch } from './jobSearch.ts';

interface SavedView {
  readonly name: string;
  readonly search: JobSearch;
}

/** The filters that this caller has saved in this browser, under their names. */
export function SavedViews({ search }: { readonly search: JobSearch }) {
  const { views, keep } = useSavedViews();
  const save = (name: string) => keep([...views.filter((view) => view.name !== name), { name, search }]);
  return (
    <Popover.Root>
      <Popover.Trigger>Views{views.length > 0 && ` ${views.length}`}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={4} align="end">
          <Popover.Popup className="saved-views">
            <Popover.Title>Saved views</Popover.Title>
            <ul>
              {views.map((view) => (
                <ViewRow key={view.name} view={view} onDelete={() => keep(views.filter((one) => one !== view))} />
              ))}
            </ul>
            <SaveForm onSave={save} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function useSavedViews() {
  const { actor, tenant } = useSession();
  const key = `jobstream-views:${tenant ?? ''}:${actor.id}`;
  const [views, setViews] = useState(() => readViews(key));
  const keep = (changed: readonly SavedView[]) => {
    setViews(changed);
    writeViews(key, changed);
  };
  return { views, keep };
}

function SaveForm({ onSave }: { readonly onSave: (name: string) => void }) {
  const save = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get('name');
    if (typeof name !== 'string' || name.trim() === '') return;
    event.currentTarget.reset();
    onSave(name.trim());
  };
  return (
    <form onSubmit={save}>
      <input name="name" aria-label="Name of the view" placeholder="Save this one as…" maxLength={60} required />
      <button type="submit">Save</button>
    </form>
  );
}

function ViewRow({ view: { name, search }, onDelete }: { readonly view: SavedView; readonly onDelete: () => void }) {
  return (
    <li>
      <Link to="/jobs" search={search}>
        {name}
      </Link>
      <CopyLink search={search} />
      <button type="button" className="quiet" onClick={onDelete} aria-label={`Delete ${name}`}>
        ✕
      </button>
    </li>
  );
}

function CopyLink({ search }: { readonly search: JobSearch }) {
  const query = new URLSearchParams(
    Object.entries(search).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)])),
  );
  return <CopyButton text={`${location.origin}/dashboard/jobs?${query.toString()}`} label="Copy link" />;
}

function readViews(key: string): readonly SavedView[] {
  try {
    const views = JSON.parse(localStorage.getItem(key) ?? '[]') as readonly SavedView[];
    return views.map(({ name, search }) => ({ name, search: readJobSearch({ ...search }) }));
  } catch {
    return []; // Storage may be forbidden, or hold what another page has written.
  }
}

function writeViews(key: string, views: readonly SavedView[]): void {
  try {
    localStorage.setItem(key, JSON.stringify(views));
  } catch {
    // Storage may be forbidden; then the views end with the page.
  }
}
