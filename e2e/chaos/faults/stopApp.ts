import { appNamed, namesOfKind } from './appNamed.ts';
import type { FaultKind } from './fault.ts';

/** An orderly stop and start under load, as a new release brings it. */
export function stopApp(app: 'api' | 'worker' | 'projector'): FaultKind {
  return {
    name: `restart ${app}`,
    targets: (stage) => namesOfKind(stage, app),
    holdMs: (random) => random.int(0, 500),
    async inject(stage, target) {
      await appNamed(stage, target).stop();
      return () => appNamed(stage, target).start();
    },
  };
}
