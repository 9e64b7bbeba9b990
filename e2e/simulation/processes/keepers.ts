import { Keeper, type KeeperOptions } from '@jobstream/projector/keeper';
import type { World } from '../world/world.ts';
import { watchfulLogger } from './surprises.ts';

const INTERVAL_MS = 20_000;
const RESTART_MS = 5_000;

/** Starts a keeper of the log, and another one when it has died. */
export async function startKeeper(world: World, maxAgeMs: number, starts = 1): Promise<void> {
  const process = world.process(`keeper-${starts}`);
  const log = world.logOf(process);
  const keeper = new Keeper({
    // Of the dependencies of a keeper these are used where there are no schedules.
    ...({ eventLog: world.sabotage.keeper?.(log) ?? log, logger: watchfulLogger(world) } as unknown as Pick<
      KeeperOptions,
      'eventLog' | 'logger'
    >),
    maxAgeMs,
    intervalMs: Math.min(INTERVAL_MS, maxAgeMs / 4),
    mayCarry: () => Promise.resolve(true),
    keptElsewhere: () => process.ask('position of the table', async () => world.tablePosition()),
  });
  process.onDeath(() => {
    if (!world.isOver) world.clock.setTimeout(() => void startKeeper(world, maxAgeMs, starts + 1), RESTART_MS);
  });
  await keeper.start();
}
