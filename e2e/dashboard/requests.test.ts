import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';
import { shown, viewsOf } from './everyView.ts';
import { untilListed } from './untilListed.ts';

const { adminKey, client, openPage, logIn, prepare } = useDashboard();
/** More rows than a view may make requests of one kind. */
const ROWS = 12;
/** The failures are compared with other jobs, the three largest groups at once. */
const MOST_OF_A_KIND = 3;
const examples: Record<string, string> = { type: 'sleep' };

prepare(async () => {
  const failing = Array.from({ length: ROWS }, (_, index) => ({
    type: 'sleep',
    payload: { durationMs: 1, failTimes: 1 },
    maxAttempts: 1,
    tags: ['requests', `requests-${index}`],
  }));
  const [first, second] = await client.jobs.createBatch(failing);
  examples['id'] = first?.id ?? '';
  examples['other'] = second?.id ?? '';
  await untilListed(client, { tag: 'requests', status: 'failed' }, ({ length }) => length === ROWS);
});

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The documented operations, as what tells for a method and a path which it is. */
function documented(): (method: string, pathname: string) => string | undefined {
  const text = readFileSync(path.join(repositoryRoot, 'docs/openapi.json'), 'utf8');
  const { paths } = JSON.parse(text) as Document;
  const operations = Object.entries(paths).flatMap(([template, methods]) =>
    Object.keys(methods).map((method) => ({ name: `${method} ${template}`, pattern: patternOf(method, template) })),
  );
  // Of two that match, that without a parameter.
  const exactFirst = operations.toSorted(
    (one, other) => Number(one.name.includes('{')) - Number(other.name.includes('{')),
  );
  return (method, pathname) =>
    exactFirst.find(({ pattern }) => pattern.test(`${method.toLowerCase()} ${pathname}`))?.name;
}

function patternOf(method: string, template: string): RegExp {
  return new RegExp(`^${method} ${template.replaceAll(/[.]/g, String.raw`\.`).replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

/** What a view asks until it has its contents: the documented operations, and requests that are none. */
async function requestsOf(page: Page, view: string): Promise<{ asked: readonly string[]; unknown: readonly string[] }> {
  const nameOf = documented();
  const [asked, unknown]: [string[], string[]] = [[], []];
  const note = (request: { method: () => string; url: () => string; resourceType: () => string }) => {
    if (request.resourceType() !== 'fetch') return;
    const { pathname } = new URL(request.url());
    const name = nameOf(request.method(), pathname);
    if (name === undefined) unknown.push(`${request.method()} ${pathname}`);
    else asked.push(name);
  };
  page.on('request', note);
  await page.goto(`/dashboard${view}`);
  await shown(page);
  page.off('request', note);
  return { asked, unknown };
}

test('a view asks what is documented alone, and not for each of its rows', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, '', adminKey);
  const views = [...(await viewsOf(page, examples)), '/failures?show=dead-letters', '/jobs?tag=requests'];
  for (const view of views) {
    const { asked, unknown } = await requestsOf(page, view);
    expect({ view, unknown }).toEqual({ view, unknown: [] });
    const counts = [...Map.groupBy(asked, (name) => name)].map(([name, { length }]) => ({ name, length }));
    const many = counts.filter(({ length }) => length > MOST_OF_A_KIND);
    expect({ view, many }).toEqual({ view, many: [] });
    expect(asked.length).toBeGreaterThan(0);
  }
});
