import { appNamed, namesOfKind } from './appNamed.ts';
import type { FaultKind } from './fault.ts';

/** kill -9 of an api, a worker or a projector, which comes back after a while. */
export function killApp(app: 'api' | 'worker' | 'projector'): FaultKind {
  return {
    name: `kill ${app}`,
    targets: (stage) => namesOfKind(stage, app),
    holdMs: (random) => random.int(0, 3_000),
    async inject(stage, target) {
      await appNamed(stage, target).kill();
      return () => appNamed(stage, target).start();
    },
  };
}
