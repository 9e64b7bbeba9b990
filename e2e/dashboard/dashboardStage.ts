import { JobstreamClient } from '@jobstream/client';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, inject, type TestContext } from 'vitest';
import { type PageFaults, watchFaults } from './browser.ts';
import type { SharedSystem } from './sharedSystem.ts';

/** Reached only by what hangs: on a machine with much else to do, a page takes its time. */
const HANGS_MS = 400_000;

/** Of tests that are skipped. */
const NO_SYSTEM = {
  api: 'http://127.0.0.1:1',
  nats: 'nats://127.0.0.1:1',
  natsContext: '',
  postgres: '',
  adminKey: '',
  pageFolder: '',
};

interface OpenPage {
  readonly page: Page;
  readonly faults: PageFaults;
}

interface KeyWishes {
  readonly scopes: readonly string[];
  readonly tenant?: string;
}

/** The system of all files in this folder, and a browser for the tests of one. */
export interface DashboardStage {
  readonly api: string;
  /** Where a worker of a test's own gets its jobs. */
  readonly nats: string;
  /** What the `nats` command line needs as XDG_CONFIG_HOME to read the log. */
  readonly natsContext: string;
  /** The database of the tables. */
  readonly postgres: string;
  readonly adminKey: string;
  /** The folder of the built page, for a system of the test's own. */
  readonly pageFolder: string;
  /** A client with the rights of `adminKey`. */
  readonly client: JobstreamClient;
  readonly clientWith: (key: string) => JobstreamClient;
  readonly createKey: (wishes: KeyWishes) => Promise<CreatedKey>;
  /** Runs before the tests of the file; not where they are skipped. */
  readonly prepare: (seed: () => Promise<void>) => void;
  /** Opens a page of a browser without cookies, which is closed after the test; of `api`, unless another address is given. */
  readonly openPage: (context: TestContext, options?: BrowserContextOptions) => Promise<OpenPage>;
  /** Logs in with a key on the way to a view: `/jobs?type=email`. */
  readonly logIn: (page: Page, view: string, key: string) => Promise<void>;
  /** Logs out, and waits until the page has loaded anew: what is opened before would be aborted. */
  readonly logOut: (page: Page) => Promise<void>;
}

interface CreatedKey {
  readonly id: string;
  readonly key: string;
}

/** Call it once, at the top of a file of tests; without Chromium its tests are skipped, and with `CI` set they fail. */
export function useDashboard(): DashboardStage {
  const shared = inject('dashboardSystem');
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!('missing' in shared)) browser = await startBrowser(shared);
  });
  afterAll(() => browser?.close());
  beforeEach((context) => {
    if (!('missing' in shared)) return;
    if (process.env['CI'] === undefined) context.skip(shared.missing);
    throw new Error(shared.missing);
  });
  const { api, nats, natsContext, postgres, adminKey, pageFolder } = 'missing' in shared ? NO_SYSTEM : shared;
  const clientWith = (credentials: string) => new JobstreamClient({ url: api, credentials, jobWarnings: false });
  return {
    api,
    nats,
    natsContext,
    postgres,
    adminKey,
    pageFolder,
    client: clientWith(adminKey),
    clientWith,
    createKey: (wishes) => createKey(api, adminKey, wishes),
    prepare: (seed) => beforeAll(() => ('missing' in shared ? undefined : seed())),
    async openPage(context, options = {}) {
      if (browser === undefined) throw new Error('there is no browser before the tests begin');
      const surroundings = await browser.newContext({ baseURL: api, ...options });
      context.onTestFinished(() => surroundings.close());
      surroundings.setDefaultTimeout(HANGS_MS);
      const page = await surroundings.newPage();
      return { page, faults: watchFaults(page, options.baseURL ?? api) };
    },
    logIn,
    logOut,
  };
}

/** A name of this machine that a browser takes for another one: it has no TLS, so its pages are not trusted. */
export const UNTRUSTED_NAME = 'jobstream.test';

/** Its sandbox does not work for root, and the pages are our own. */
function startBrowser({ chromium: executablePath }: SharedSystem): Promise<Browser> {
  const args = ['--no-sandbox', `--host-resolver-rules=MAP ${UNTRUSTED_NAME} 127.0.0.1`];
  return chromium.launch({ executablePath, args, timeout: HANGS_MS });
}

async function createKey(api: string, adminKey: string, wishes: KeyWishes): Promise<CreatedKey> {
  const response = await fetch(`${api}/api/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'page', ...wishes }),
  });
  if (!response.ok) throw new Error(`no key was made: ${response.status} ${await response.text()}`);
  return (await response.json()) as CreatedKey;
}

async function logIn(page: Page, view: string, key: string): Promise<void> {
  await page.goto(`/dashboard${view}`);
  await page.getByLabel('API key or token').fill(key);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('navigation', { name: 'Views', exact: true }).waitFor();
}

async function logOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('API key or token').waitFor();
}
