import { setTimeout as pause } from 'node:timers/promises';
import * as Schema from 'effect/Schema';
import { jobHandler } from '@jobstream/worker/engine';
import { effectJob } from '../src/effectJob.ts';
import { runWorkerProcess } from './runWorkerProcess.ts';

const handler = (type: string, run: () => unknown) => jobHandler(effectJob(type, Schema.Unknown), run);

// Handlers that misbehave: one kills its process, one ignores its signal and keeps a timer.
await runWorkerProcess([
  handler('poison', () => process.kill(process.pid, 'SIGKILL')),
  handler('stubborn', () => pause(3_600_000)),
]);
