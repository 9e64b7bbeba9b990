import { cutCable, deafenWorker, muteWorker } from './cableFaults.ts';
import type { FaultKind } from './fault.ts';
import { fillDisk } from './fillDisk.ts';
import { freezeApp } from './freezeApp.ts';
import { killApp } from './killApp.ts';
import { killPostgres } from './killPostgres.ts';
import { freezeNode, killNode } from './nodeFaults.ts';
import { stopApp } from './stopApp.ts';

/** All ways to break the system. */
export const faultKinds: readonly FaultKind[] = [
  killNode,
  killApp('worker'),
  freezeApp('worker'),
  killPostgres,
  fillDisk,
  cutCable,
  killApp('api'),
  killApp('projector'),
  freezeNode,
  freezeApp('api'),
  freezeApp('projector'),
  deafenWorker,
  muteWorker,
  stopApp('worker'),
  stopApp('api'),
];

/** For a cluster, whose point is the loss of any one server: so every other fault is one of those. */
export const clusterKinds: readonly FaultKind[] = [
  killNode,
  freezeNode,
  killNode,
  freezeNode,
  killNode,
  freezeNode,
  killApp('worker'),
  freezeApp('worker'),
  stopApp('worker'),
  killApp('api'),
  killApp('projector'),
  killPostgres,
];
