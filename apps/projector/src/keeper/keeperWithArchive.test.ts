import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Archive, FolderStore } from '@jobstream/archive';
import { builtProgram, eventually, forEachTest, TestProcess } from '@jobstream/test-support';
import { expect, onTestFinished, test } from 'vitest';
import { keeperStage, MAX_AGE_MS } from '../../testing/keeperStage.ts';

const stage = forEachTest(keeperStage);
const program = fileURLToPath(new URL('../../testing/archivingMain.ts', import.meta.url));

test('archiver and keeper, killed by turns, let nothing leave the log that is not in the archive', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'keeper-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const start = (part: 'archiver' | 'keeper') =>
    TestProcess.node(builtProgram(program), { env: {}, args: [part, stage.nats.url, folder] });
  const archive = new Archive(new FolderStore(folder));
  const { messages, prefix } = stage.eventLog;
  const ids: string[] = [];
  const create = async () => void ids.push(await stage.create('waiting'));
  const purged = async () => (await messages.span()).first - 1;
  /** Read after the log: what has left it was in the archive before. */
  const expectArchived = async () => {
    const gone = await purged();
    expect((await archive.refresh()).last).toBeGreaterThanOrEqual(gone);
  };

  await using archiver = start('archiver');
  await using keeper = start('keeper');
  for (let message = 0; message < 20; message++) await create();
  await eventually(async () => expect(await purged()).toBeGreaterThanOrEqual(20));
  await expectArchived();

  archiver.kill('SIGKILL');
  await archiver.ended;
  await create();
  const archivedBefore = (await archive.refresh()).last;
  // Old enough for a keeper that does not look at the archive.
  await eventually(async () => expect(await prefix.oldestAgeMs()).toBeGreaterThan(4 * MAX_AGE_MS));
  expect(keeper.isRunning).toBe(true);
  expect(await purged()).toBeLessThanOrEqual(archivedBefore);

  keeper.kill('SIGKILL');
  await keeper.ended;
  await using _archiverAgain = start('archiver');
  await using _keeperAgain = start('keeper');
  const end = await stage.eventLog.lastSequence();
  await eventually(async () => expect(await purged()).toBeGreaterThanOrEqual(end));
  await expectArchived();
  expect((await archive.refresh()).first).toBe(1);
  for (const id of ids) expect(await stage.eventLog.readJob(id)).toMatchObject({ job: { status: 'pending' } });
});
