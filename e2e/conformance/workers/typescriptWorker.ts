import type { WorkerUnderKit } from './workerUnderKit.ts';

export const typescriptWorker: WorkerUnderKit = {
  name: 'typescript',
  prepare: () => Promise.resolve(`${process.execPath} apps/worker/testing/conformanceWorker.ts`),
};
