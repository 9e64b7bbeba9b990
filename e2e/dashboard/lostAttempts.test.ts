import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loseAttempt, startBlocking } from '../harness/loseAttempt.ts';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();

test('the history says of an attempt that was lost that the event loop of its worker was blocked', async (context) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-lost-'));
  context.onTestFinished(() => rm(folder, { recursive: true }));
  const { nats, client } = stage;
  await using first = await startBlocking(nats);
  const { id, worker } = await loseAttempt(first, { nats, client, until: path.join(folder, 'go-on') });
  await first.logged('the event loop was blocked, and runs again');
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, stage.adminKey);
  const started = page.getByRole('row').filter({ hasText: /JobStarted attempt 2/ });
  const lost = started.getByText('its event loop was blocked: see threads');
  await lost.waitFor();
  expect(await lost.textContent()).toContain(`Attempt 1 was lost: worker ${worker} was silent for`);
});
