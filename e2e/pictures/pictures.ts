import path from 'node:path';
import type { JobstreamClient } from '@jobstream/client';
import { repositoryRoot } from '@jobstream/servers';
import type { Page } from 'playwright-core';

/** A picture of a view of the dashboard, as the documents show it. */
export interface Picture {
  readonly name: string;
  readonly colorScheme: 'dark' | 'light';
  /** The address of the view below `/dashboard`, in a system that was filled by `npm run demo -- --populate`. */
  readonly view: (client: JobstreamClient) => Promise<string> | string;
  /** A text that is there when the view has what it shows. */
  readonly shows: string;
  /** What is done before the picture is taken. */
  readonly prepare?: (page: Page) => Promise<void>;
}

export const picturesFolder = path.join(repositoryRoot, 'docs', 'images');
export const PICTURE_BYTES = 180_000;
/** From the failure to the mended jobs. */
export const WALK = 'walk.png';
export const WALK_BYTES = 800_000;

export const pictures: readonly Picture[] = [
  {
    name: 'overview',
    colorScheme: 'dark',
    view: () => '',
    shows: 'order-webhook',
    prepare: (page) => page.locator('.figures > *', { hasText: /Live workers\s*\d/ }).waitFor(),
  },
  {
    name: 'failed-webhooks',
    colorScheme: 'light',
    view: () => '/jobs?status=failed&type=order-webhook',
    shows: 'that match',
  },
  { name: 'failures', colorScheme: 'light', view: () => '/failures?window=1h', shows: 'ERR_INVALID_URL' },
  {
    name: 'job',
    colorScheme: 'dark',
    view: async (client) => `/jobs/${(await failedJob(client)).id}`,
    shows: 'Causes',
  },
  {
    name: 'edit',
    colorScheme: 'light',
    view: async (client) => `/jobs/${(await failedJob(client)).id}/edit`,
    shows: 'callback_url',
    prepare: correctPayload,
  },
  {
    name: 'past',
    colorScheme: 'light',
    view: async (client) => `/?asOf=${(await failedJob(client)).createdAt}`,
    shows: 'You look at the past',
  },
  { name: 'types', colorScheme: 'light', view: () => '/types', shows: 'paused' },
  { name: 'workers', colorScheme: 'light', view: () => '/workers', shows: 'shop-1' },
  { name: 'proof', colorScheme: 'dark', view: proof, shows: 'The table matches the log' },
];

/** The last one whose payload has the wrong field. */
async function failedJob(client: JobstreamClient) {
  const { items } = await client.jobs.listPage({ status: 'failed', type: 'order-webhook', limit: 1 });
  const [job] = items;
  if (job === undefined) throw new Error('no webhook has failed');
  return job;
}

/** Gives the field in the editor the name that the handler reads. */
export async function correctPayload(page: Page): Promise<void> {
  const editor = page.getByLabel('Payload', { exact: true });
  await editor.fill((await editor.inputValue()).replace('callback_url', 'callbackUrl'));
  await page.getByLabel('Reason').fill('callbackUrl was renamed');
  await page.getByLabel('Changes of the payload').waitFor();
}

async function proof(client: JobstreamClient): Promise<string> {
  await client.proof.request();
  return '/proof';
}
