import { Link, Outlet, useLocation, useMatches } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useFocusAfterBack } from '../keys/useFocusAfterBack.ts';
import { useChangesOfJobs } from '../live/readAgain.ts';
import { ReasonlessButton } from '../parts/dialogs/reasonlessButton.tsx';
import { logOut, useMay, useSession } from '../session/session.ts';
import { leftOut } from './addressParts.ts';
import { JobIdSearch } from './jobIdSearch.tsx';
import { openedAddress } from './openedAddress.ts';
import { Shortcuts } from './shortcuts.tsx';
import { ThemeSwitch } from './themeSwitch.tsx';

const VIEWS = [
  ['/', 'Overview'],
  ['/jobs', 'Jobs'],
  ['/failures', 'Failures'],
  ['/operations', 'Operations'],
  ['/types', 'Types'],
  ['/workers', 'Workers'],
  ['/schedules', 'Schedules'],
  ['/audit', 'Audit'],
  ['/keys', 'Keys'],
  ['/proof', 'Proof'],
] as const;

/** Views of what all tenants have in common. */
const ACROSS_TENANTS: ReadonlySet<string> = new Set(['/types', '/workers', '/proof']);
/** Views of administrators. */
const ADMINISTRATION: ReadonlySet<string> = new Set(['/audit', '/keys', '/proof']);

/** What surrounds every view. */
export function Shell() {
  useChangesOfJobs();
  useChosenViewInSight();
  useFocusAfterBack();
  const { tenant } = useSession();
  const administers = useMay('admin');
  const views = VIEWS.filter(
    ([to]) => (tenant === undefined || !ACROSS_TENANTS.has(to)) && (administers || !ADMINISTRATION.has(to)),
  );
  return (
    <>
      <title>{titleOf(useLocation())}</title>
      <a className="skip" href="#view">
        Skip to the view
      </a>
      <header className="top">
        <nav aria-label="Views">
          {views.map(([to, name]) => (
            <Link key={to} to={to} activeOptions={{ exact: to === '/', includeSearch: false }}>
              {name}
            </Link>
          ))}
        </nav>
        <JobIdSearch />
        <Who />
        <ThemeSwitch />
        <Shortcuts />
      </header>
      <main id="view" tabIndex={-1}>
        <LeftOut />
        <Outlet />
      </main>
    </>
  );
}

/** What of the address with which the page was opened the view does not take. */
function LeftOut() {
  const { href } = useLocation();
  const [first] = useState(href);
  const taken = useMatches({ select: (matches) => matches.at(-1)?.search });
  const parts = leftOut(openedAddress, taken ?? {});
  if (parts.length === 0 || href !== first) return null;
  return (
    <p className="left-out dim" role="status">
      Left out, since this view does not take it: <bdi>{parts.join(', ').slice(0, 200)}</bdi>
    </p>
  );
}

interface Place {
  readonly pathname: string;
  readonly search: { readonly failure?: string; readonly show?: string };
}

/** The title of the tab: the view, and before it what the view is about. */
function titleOf({ pathname, search: { failure, show } }: Place): string {
  const [view = '', ...parts] = pathname
    .replace(/^\/dashboard/u, '')
    .split('/')
    .filter((part) => part !== '');
  const name = VIEWS.find(([to]) => to === `/${view}`)?.[1] ?? 'No such view';
  const about = parts.map((part) => (UUID.test(part) ? part.slice(-8) : decodeURIComponent(part)));
  return [...about.toReversed(), failure ?? [], show === 'dead-letters' ? 'Dead letters' : [], name, 'Jobstream']
    .flat()
    .join(' · ');
}

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** On a phone there is no room for the names of all views. */
function useChosenViewInSight(): void {
  const { pathname } = useLocation();
  useEffect(() => {
    document.querySelector('.top nav [aria-current=page]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [pathname]);
}

/** Who is logged in, with the way out. */
function Who() {
  const { actor, tenant, open } = useSession();
  if (open)
    return (
      <span className="who dim" title="AUTH is open: everyone who reaches this address may do everything">
        open API
      </span>
    );
  return (
    <span className="who">
      <span className="dim">{[actor.id, tenant ?? []].flat().join(' · ')}</span>
      <ReasonlessButton label="Log out" of={actor.id} className="quiet" onPress={leave} />
    </span>
  );
}

async function leave(): Promise<void> {
  await logOut();
  location.reload();
}
