import { ACK_WAIT_MS } from '../stage/createApps.ts';
import { appNamed, namesOfKind } from './appNamed.ts';
import type { FaultKind } from './fault.ts';

/** SIGSTOP and later SIGCONT: the process keeps its connections, its jobs and its beliefs, and is overtaken. */
export function freezeApp(app: 'api' | 'worker' | 'projector'): FaultKind {
  return {
    name: `freeze ${app}`,
    targets: (stage) => namesOfKind(stage, app),
    holdMs: (random) => random.int(ACK_WAIT_MS / 2, 3 * ACK_WAIT_MS),
    async inject(stage, target) {
      await appNamed(stage, target).signal('SIGSTOP');
      return async () => appNamed(stage, target).signal('SIGCONT');
    },
  };
}
