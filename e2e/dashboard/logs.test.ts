import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const { client } = stage;

async function finishedJob(): Promise<string> {
  const { id } = await client.jobs.create({ type: 'sleep', payload: { durationMs: 10 } });
  await client.jobs.waitForCompletion(id);
  return id;
}

test('an attempt that has logged nothing says so, to those who may see logs', async (context) => {
  const { key } = await stage.createKey({ scopes: ['jobs:read', 'jobs:debug'] });
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${await finishedJob()}`, key);
  const logs = page.getByRole('region', { name: 'Logs' });
  await logs.getByText('Its handler has logged nothing').waitFor();
  expect(await logs.getByLabel('Attempt').inputValue()).toBe('1');
});

test('who may not see logs is told what that needs', async (context) => {
  const { key } = await stage.createKey({ scopes: ['jobs:read'] });
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${await finishedJob()}`, key);
  const logs = page.getByRole('region', { name: 'Logs' });
  await logs.getByText('The logs of attempts need the scope jobs:debug.').waitFor();
  expect(await logs.getByRole('combobox').count()).toBe(0);
});
