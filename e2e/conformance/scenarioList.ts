import type { Scenario } from './scenario.ts';
import { cancel } from './scenarios/cancel.ts';
import { cancelHint } from './scenarios/cancelHint.ts';
import { conflict } from './scenarios/conflict.ts';
import { consumers } from './scenarios/consumers.ts';
import { delayed } from './scenarios/delayed.ts';
import { drain } from './scenarios/drain.ts';
import { duplicateTimer } from './scenarios/duplicateTimer.ts';
import { exhausted } from './scenarios/exhausted.ts';
import { fastPath } from './scenarios/fastPath.ts';
import { foreignMessage } from './scenarios/foreignMessage.ts';
import { heartbeat } from './scenarios/heartbeat.ts';
import { invalidPayload } from './scenarios/invalidPayload.ts';
import { largeResult } from './scenarios/largeResult.ts';
import { newerEvent } from './scenarios/newerEvent.ts';
import { overtaken } from './scenarios/overtaken.ts';
import { parkedRetry } from './scenarios/parkedRetry.ts';
import { progress } from './scenarios/progress.ts';
import { redelivery } from './scenarios/redelivery.ts';
import { release } from './scenarios/release.ts';
import { requeued } from './scenarios/requeued.ts';
import { retry } from './scenarios/retry.ts';
import { serverRestart } from './scenarios/serverRestart.ts';
import { timeout } from './scenarios/timeout.ts';
import { unreadable } from './scenarios/unreadable.ts';
import { unrecoverable } from './scenarios/unrecoverable.ts';
import { workerLost } from './scenarios/workerLost.ts';

/** Everything that a worker must do. */
export const scenarioList: readonly Scenario[] = [
  fastPath,
  consumers,
  unrecoverable,
  invalidPayload,
  largeResult,
  timeout,
  retry,
  exhausted,
  delayed,
  requeued,
  progress,
  heartbeat,
  redelivery,
  workerLost,
  parkedRetry,
  duplicateTimer,
  conflict,
  overtaken,
  cancel,
  cancelHint,
  drain,
  release,
  unreadable,
  foreignMessage,
  newerEvent,
  serverRestart,
];
