import assert from 'node:assert/strict';
import type { RunningSystem } from '@jobstream/test-support';
import type { Check } from '../harness/runChecks.ts';
import { doneBy } from './doneBy.ts';
import type { ReadmeProject } from './readmeProject.ts';

const RESULT = '{ bytes: 5400 }';

/** The worker and the producer at the beginning of README.md. */
export function ownJobCheck(installing: Promise<ReadmeProject>, starting: Promise<RunningSystem>): Check {
  return {
    name: 'the worker and the producer of README.md run with the packed packages',
    run: async () => {
      const [project, system] = [await installing, await starting];
      await using worker = await project.run('jobs/worker.ts', system);
      await using producer = await project.run('producer.ts', system);
      assert.equal(await doneBy(worker, producer.ended), 0, producer.output);
      assert.equal(producer.stdout, `${RESULT}\n`, producer.output);
      worker.kill('SIGTERM');
      assert.equal(await worker.ended, 0, worker.output);
      return RESULT;
    },
  };
}
