import { setTimeout as pause } from 'node:timers/promises';
import { Schema } from 'effect';
import { defineHandler } from '@jobstream/worker/engine';
import { runWorkerProcess } from './runWorkerProcess.ts';

const handler = (type: string, run: () => unknown) => defineHandler({ type, payload: Schema.Unknown, run });

// Handlers that misbehave: one kills its process, one ignores its signal and keeps a timer.
await runWorkerProcess([
  handler('poison', () => process.kill(process.pid, 'SIGKILL')),
  handler('stubborn', () => pause(3_600_000)),
]);
