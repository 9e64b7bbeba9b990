import { restingPosition, untilQuiet, type Outside } from '../outside.ts';
import type { Stage } from './stage.ts';

const TRIES = 5;

/**
 * As `untilQuiet`, where a keeper goes on writing: stops the projectors when no job is open, and starts them again if the
 * table has not got to the end by then.
 */
export async function untilStill({ apps }: Stage, outside: Outside): Promise<boolean> {
  const projectors = apps.filter(({ name }) => name.startsWith('projector'));
  for (let tries = 1; tries <= TRIES; tries++) {
    if (!(await untilQuiet(outside))) return false;
    await Promise.all(projectors.map((projector) => projector.stop()));
    if ((await restingPosition(outside)) !== undefined) return true;
    await Promise.all(projectors.map((projector) => projector.start()));
  }
  return false;
}
