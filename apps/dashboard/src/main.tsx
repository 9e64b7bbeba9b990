import { JobstreamClient } from '@jobstream/client';
import { createRoot } from 'react-dom/client';
import { TableLag } from './live/tableLag.ts';
import { makeDashboard } from './shell/dashboard.tsx';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';
import './styles/overview.css';
import './styles/jobs.css';
import './styles/job.css';
import './styles/filters.css';
import './styles/mending.css';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no place for the dashboard');
const lag = new TableLag();
const client = new JobstreamClient({
  url: location.origin,
  // Views ask again by themselves, so a request that fails is shown at once.
  retryForMs: 0,
  // What was changed here is in what is read next, in every view.
  readYourWrites: true,
  jobWarnings: false,
  onTableLag: lag.note,
  // Why a job waits changes behind its entity tag, so nothing is answered from the cache of the browser.
  fetch: (input, init) => fetch(input, { ...init, cache: 'no-store' }),
});
createRoot(root).render(makeDashboard(client, lag));
