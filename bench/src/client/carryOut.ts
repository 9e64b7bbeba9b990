import type { Percentiles } from '../measure/percentiles.ts';
import type { JobClient } from '../systems/jobSystem.ts';
import type { Command } from './command.ts';
import { enqueueEach, enqueueMany } from './enqueueJobs.ts';
import { offerJobs } from './offerJobs.ts';
import { runJobs } from './runJobs.ts';

/** Does what the bench asks for; the latencies that it saw, if it saw any. */
export function carryOut(client: JobClient, command: Command): Promise<Percentiles | undefined | void> {
  switch (command.do) {
    case 'enqueueMany':
      return enqueueMany(client, command);
    case 'enqueueEach':
      return enqueueEach(client, command);
    case 'offer':
      return offerJobs(client, command);
    case 'work':
      return runJobs(client, command);
  }
}
