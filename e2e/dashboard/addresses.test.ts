import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';

const { adminKey, client, logIn, openPage } = useDashboard();

test('what a view does not take of its address is left out, with a sentence, and the view asks for the rest', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, '/', adminKey);
  await client.jobs.create({ type: 'addressed' });
  const asOf = await eventually(
    async () => (await client.stats()).pastFrom ?? Promise.reject(new Error('no past yet')),
  );
  const wrong: readonly (readonly [address: string, part: string, asked: RegExp])[] = [
    ['/?asOf=xx', 'asOf=xx', /api\/stats\?window=60m$/],
    ['/jobs?status=failed&status=bogus', 'status=bogus', /api\/jobs\?status=failed&limit=100$/],
    ['/jobs?sort=evil', 'sort=evil', /api\/jobs\?limit=100$/],
    ['/jobs?createdAfter=yesterday', 'createdAfter=yesterday', /api\/jobs\?limit=100$/],
    [`/jobs?asOf=${asOf}&errorName=SmtpError`, 'errorName=SmtpError', /api\/jobs\?asOf=[^&]+&limit=100$/],
    ['/failures?window=1w', 'window=1w', /api\/failures\?window=24h/],
    ['/audit?from=never', 'from=never', /api\/audit/],
    ['/workers?colour=blue', 'colour=blue', /api\/workers$/],
  ];
  for (const [address, part, asked] of wrong) {
    const answer = page.waitForResponse(asked);
    await page.goto(`/dashboard${address}`);
    expect((await answer).status()).toBe(200);
    await page.getByText(`this view does not take it: ${part}`).waitFor();
    await page.getByRole('heading', { level: 1 }).waitFor();
  }
  await page.getByRole('navigation', { name: 'Views', exact: true }).getByRole('link', { name: 'Jobs' }).click();
  await page.getByText('this view does not take it').waitFor({ state: 'detached' });
});
