import { spread, type Spread } from '../measure/median.ts';
import type { CatchUp } from '../projector/measureCatchUp.ts';
import { table } from './table.ts';
import { whole } from './whole.ts';

const SHAPES: Readonly<Record<string, string>> = {
  concurrent: 'events of a job close together, as 100 jobs at once leave them',
  backlog: 'events of a job far apart: all created before the first is run',
};

/** How fast the projector catches up, as a table. */
export function catchUpSection(runs: readonly (readonly CatchUp[])[]): string {
  const shapes = runs[0]?.map(({ shape }) => shape) ?? [];
  const rows = shapes.map((shape) => {
    const own = runs.flatMap((run) => run.filter((one) => one.shape === shape));
    return [
      SHAPES[shape] ?? shape,
      whole(own[0]?.events ?? 0),
      range(spread(own.map(({ projectedPerSecond }) => projectedPerSecond))),
      range(spread(own.map(({ baselinePerSecond }) => baselinePerSecond))),
      range(spread(own.map(({ readPerSecond }) => readPerSecond))),
    ];
  });
  return table(['', 'events', 'projected, events/s', 'bare parts, events/s', 'read and decoded alone, events/s'], rows);
}

function range({ median, min, max }: Spread): string {
  return `${whole(median)} (${whole(min)}–${whole(max)})`;
}
