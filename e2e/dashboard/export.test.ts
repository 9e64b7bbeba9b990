import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncidentHeader, IncidentJob, JobEvent } from '@jobstream/client';
import { resolveGoTool } from '@jobstream/servers';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { runInShell } from '../harness/runInShell.ts';
import { accessibilityFaults } from './browser.ts';
import { untilListed } from './untilListed.ts';
import { UNTRUSTED_NAME, useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const { client } = stage;
const TYPE = 'sleep';
const TAG = 'exported';
const keys = { reader: '', debugger: '' };
const ids: string[] = [];

/** Jobs that failed, of two tenants. */
stage.prepare(async () => {
  const failing = { type: TYPE, payload: { durationMs: 10, failTimes: 1 }, maxAttempts: 1, tags: [TAG] };
  const { key } = await stage.createKey({ scopes: ['jobs:read', 'jobs:write'], tenant: 'acme-exports' });
  await stage.clientWith(key).jobs.create(failing);
  keys.reader = (await stage.createKey({ scopes: ['jobs:read'], tenant: 'acme-exports' })).key;
  keys.debugger = (await stage.createKey({ scopes: ['jobs:read', 'jobs:debug'] })).key;
  for (const _ of [1, 2]) ids.push((await client.jobs.create(failing)).id);
  await untilListed(client, { tag: TAG, status: 'failed' }, ({ length }) => length === 3);
});

interface ExportedFile {
  readonly text: string;
  readonly header: IncidentHeader;
  readonly jobs: readonly IncidentJob[];
}

/** Exports what the page shows, and reads the file; its digest is what the page says. */
async function exported(page: Page): Promise<ExportedFile> {
  await page.getByRole('button', { name: 'Export…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Export an incident' });
  const digest = (await dialog.getByRole('region', { name: 'SHA-256' }).locator('pre').textContent()) ?? '';
  const download = page.waitForEvent('download');
  await dialog.getByRole('link', { name: /^Download/ }).click();
  const text = await readFile(await (await download).path(), 'utf8');
  expect(digest).toBe(`${createHash('sha256').update(text).digest('hex')}  ${(await download).suggestedFilename()}`);
  const [header, ...jobs] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  return { text, header: header as IncidentHeader, jobs: jobs as readonly IncidentJob[] };
}

/** Runs a command of a file as it is printed, with what it names. */
async function run(command: string, env: Record<string, string>, signal: AbortSignal): Promise<string> {
  const shell = runInShell(command, { env: { PATH: process.env['PATH'] ?? '', ...env }, signal });
  expect({ code: await shell.ended, output: shell.output }).toMatchObject({ code: 0 });
  return shell.output;
}

const idsOf = (jobs: readonly IncidentJob[]) => jobs.map(({ job }) => job.id);

test('the jobs of a list are downloaded with their events, and the commands in the file show them again', async (context) => {
  const { page, faults } = await stage.openPage(context);
  await stage.logIn(page, `/jobs?tag=${TAG}&status=failed&createdAfter=-1h`, keys.debugger);
  const { header, jobs } = await exported(page);
  expect(header).toMatchObject({ jobs: 3, complete: true, filter: { tag: TAG, status: 'failed' } });
  expect(idsOf(jobs)).toEqual(expect.arrayContaining(ids));
  const [list = '', history = '', log = ''] = header.commands;
  const listed = JSON.parse(await run(list, { KEY: keys.debugger }, context.signal)) as { items: unknown[] };
  expect(listed.items).toEqual(jobs.map(({ job }) => job));
  const [first] = jobs;
  const { items: events } = JSON.parse(await run(history, { KEY: keys.debugger }, context.signal)) as {
    items: JobEvent[];
  };
  expect(events).toEqual(first?.events);
  expect(log).toContain(`'jobs.*.${first?.job.id}.>'`);
  expect(faults.errors.filter((error) => !error.includes('401 (Unauthorized)'))).toEqual([]);
});

test('the log has the events of the file, by the command that stands in it', async (context) => {
  const nats = await resolveGoTool('nats');
  if ('missing' in nats && process.env['CI'] === undefined) return context.skip(nats.missing);
  const binary = 'missing' in nats ? nats.missing : nats.binary;
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${ids[0]}`, keys.debugger);
  const { header, jobs } = await exported(page);
  const log = header.commands.find((command) => command.startsWith('nats ')) ?? '';
  const named = `nats() { '${binary}' "$@"; }\n${log}`;
  const lines = await run(named, { XDG_CONFIG_HOME: stage.natsContext }, context.signal);
  const messages = lines.split('\n').filter((line) => line.startsWith('{'));
  expect(messages.map((line) => (JSON.parse(line) as JobEvent).event)).toEqual(
    jobs[0]?.events.map(({ event }) => event),
  );
});

test('one job is exported by its id, and the failures of a window as the list has them', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${ids[0]}`, keys.debugger);
  const one = await exported(page);
  expect(one.header).toMatchObject({ jobs: 1, complete: true, filter: { ids: [ids[0]] } });
  expect(one.jobs[0]?.events).toEqual(await client.jobs.history(ids[0] ?? ''));
  await page.goto(`/dashboard/failures?window=1h&type=${TYPE}`);
  const failures = await exported(page);
  expect(failures.header.filter).toMatchObject({ status: 'failed', type: TYPE, finishedAfter: expect.any(String) });
  expect(idsOf(failures.jobs)).toEqual(expect.arrayContaining(ids));
});

test('what a key may not see is not in the file: jobs of other tenants, and stacks', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs?tag=${TAG}`, keys.reader);
  const seen = await exported(page);
  expect(seen.header.jobs).toBe(1);
  expect(seen.jobs.map(({ job }) => job.tenant)).toEqual(['acme-exports']);
  expect(seen.text).not.toContain('"stack"');
  const other = await stage.openPage(context);
  await stage.logIn(other.page, `/jobs/${ids[0]}`, keys.debugger);
  expect((await exported(other.page)).text).toContain('"stack"');
});

test('a view with more jobs than a file takes says so, and an empty one that there is nothing', async (context) => {
  const type = 'too-many-to-export';
  for (const count of [1_000, 1]) await client.jobs.createBatch(Array.from({ length: count }, () => ({ type })));
  await untilListed(client, { type, sort: 'oldest' }, ({ length }) => length === 200);
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs?type=${type}`, keys.debugger);
  await page.getByText('1,001').waitFor();
  const { header, jobs } = await exported(page);
  await page.getByText('A file takes at most 1,000; narrow the view for the others.').waitFor();
  expect(header).toMatchObject({ jobs: 1_000, complete: false });
  expect(jobs).toHaveLength(1_000);
  await page.goto('/dashboard/jobs?type=nobody-made-one');
  await page.getByRole('button', { name: 'Export…' }).click();
  await page.getByText('No job matches now: there is nothing to export.').waitFor();
});

test('without TLS, where browsers compute no digest, the dialog says so and what to do instead', async (context) => {
  const baseURL = stage.api.replace('127.0.0.1', UNTRUSTED_NAME);
  const { page, faults } = await stage.openPage(context, { baseURL });
  await stage.logIn(page, `/jobs?tag=${TAG}`, keys.debugger);
  await page.getByRole('button', { name: 'Export…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Export an incident' });
  await dialog.getByText('The digest of the file needs a page over TLS or of this machine.').waitFor();
  await dialog.getByText('jobstream export').waitFor();
  expect(await dialog.getByRole('link').count()).toBe(0);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(faults.errors.filter((error) => !error.includes('401 (Unauthorized)'))).toEqual([]);
});

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('the export is accessible', async (context) => {
    const { page } = await stage.openPage(context, { colorScheme });
    await stage.logIn(page, `/jobs/${ids[0]}`, keys.debugger);
    await page.getByRole('button', { name: 'Export…' }).click();
    await page.getByRole('link', { name: /^Download/ }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
