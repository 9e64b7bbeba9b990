import path from 'node:path';
import type { JobstreamClient } from '@jobstream/client';
import { repositoryRoot } from '@jobstream/servers';

/** A picture of a view of the dashboard, as the documents show it. */
export interface Picture {
  readonly name: string;
  readonly colorScheme: 'dark' | 'light';
  /** The address of the view below `/dashboard`, in a system that was filled by `npm run demo -- --populate`. */
  readonly view: (client: JobstreamClient) => Promise<string> | string;
  /** A text that is there when the view has what it shows. */
  readonly shows: string;
}

export const picturesFolder = path.join(repositoryRoot, 'docs', 'images');
export const PICTURE_BYTES = 150_000;

export const pictures: readonly Picture[] = [
  { name: 'overview', colorScheme: 'dark', view: () => '', shows: 'order-webhook' },
  {
    name: 'failed-webhooks',
    colorScheme: 'light',
    view: () => '/jobs?status=failed&type=order-webhook',
    shows: 'order-webhook',
  },
  { name: 'types', colorScheme: 'light', view: () => '/types', shows: 'paused' },
  { name: 'workers', colorScheme: 'light', view: () => '/workers', shows: 'shop-1' },
  { name: 'proof', colorScheme: 'dark', view: proof, shows: 'The table matches the log' },
];

async function proof(client: JobstreamClient): Promise<string> {
  await client.proof.request();
  return '/proof';
}
