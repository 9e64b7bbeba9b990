import path from 'node:path';
import { runProgram } from './runProgram.ts';
import type { WorkerUnderKit } from './workerUnderKit.ts';
import { repositoryRoot } from '@jobstream/servers';

const EXAMPLE = path.join(repositoryRoot, 'examples', 'go');
const BINARY = path.join(repositoryRoot, '.data', 'conformance', 'go-worker');

export const goWorker: WorkerUnderKit = {
  name: 'go',
  prepare: async () => {
    await runProgram('go', ['vet', '.'], EXAMPLE);
    await runProgram('go', ['build', '-o', BINARY, '.'], EXAMPLE);
    return `'${BINARY}'`;
  },
};
