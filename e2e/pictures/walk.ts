import type { Page } from 'playwright-core';
import { animate } from './animate.ts';
import { correctPayload } from './pictures.ts';

const FRAME_MS = 1_800;
const BEGINNING = '/dashboard/failures?window=1h&type=order-webhook';

/** Walks from the failure to the mended jobs, and returns the walk as an animation. It changes the system. */
export async function walk(page: Page, api: string): Promise<Buffer> {
  const frames: Buffer[] = [];
  const look = async () => void frames.push(await page.screenshot({ animations: 'disabled' }));
  await page.goto(`${api}${BEGINNING}`);
  await page.getByRole('link', { name: /Edit and retry one/ }).waitFor();
  await look();
  await page.getByRole('link', { name: /Edit and retry one/ }).click();
  await correctPayload(page);
  await look();
  await page.getByRole('button', { name: 'Retry with this payload' }).click();
  await page.getByText('It is completed').waitFor();
  await page.getByRole('link', { name: /^Same for the/ }).waitFor();
  await look();
  await page.getByRole('link', { name: /^Same for the/ }).click();
  await page.getByRole('button', { name: /^Retry \d+ jobs/ }).waitFor();
  await page.getByLabel('Changes of the payload').waitFor();
  await look();
  await page.getByRole('button', { name: /^Retry \d+ jobs/ }).click();
  await page.getByText('✓ completed').waitFor();
  await look();
  await page.getByRole('region', { name: 'Results' }).getByRole('link').first().click();
  await page.getByRole('heading', { name: 'completed order-webhook' }).waitFor();
  await page.getByRole('region', { name: 'Causes' }).waitFor();
  await look();
  return animate(frames, FRAME_MS);
}
