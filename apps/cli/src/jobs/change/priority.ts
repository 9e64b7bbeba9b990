import { Option } from '@commander-js/extra-typings';
import type { Priority } from '@jobstream/client';
import type { Api, RunOnApi } from '../../command/apiCommand.ts';
import type { ExitCode } from '../../command/exitCode.ts';
import { UsageError } from '../../command/failure.ts';
import { examples } from '../../command/help.ts';
import { change, changeCommand, type ChangeOptions } from './changeCommands.ts';
import type { JobDeed } from './changeMatching.ts';

const PRIORITIES = ['high', 'normal', 'low'] as const satisfies readonly Priority[];

/** The option by which new jobs get a priority. */
export function priorityOption() {
  const description = 'which jobs of the type start first while more wait than can run; normal if it is left out';
  return new Option('--priority <priority>', description).choices(PRIORITIES);
}

export function priorityCommand(run: RunOnApi) {
  return changeCommand('priority', 'Gives jobs another priority: some by their ids, or those of a filter.')
    .usage('[options] [id...] <priority>')
    .argument(
      '<priority...>',
      'high, normal or low, after the ids of the jobs; without ids it is for those of the filter',
    )
    .addHelpText(
      'after',
      examples(
        `jobstream priority 01a21007-5d41-7b37-bb26-e9f0e3028d57 high --reason 'the customer waits'`,
        'jobstream priority low --type email --tag campaign-7 --dry-run',
      ),
    )
    .action(run(changePriorities));
}

async function changePriorities(api: Api, words: string[], options: ChangeOptions): Promise<ExitCode> {
  const [last, ids] = [words.at(-1), words.slice(0, -1)];
  const priority = PRIORITIES.find((one) => one === last);
  if (priority === undefined) throw new UsageError(`give the priority at the end, high, normal or low, got: ${last}`);
  return change(givePriority(priority), { api, ids, options });
}

function givePriority(priority: Priority): JobDeed {
  return {
    verb: `give ${priority} priority to`,
    done: `given ${priority} priority`,
    skipped: 'had it, or had moved on',
    one: (jobs, id, options) => jobs.changePriority(id, priority, options),
    many: (jobs, selection, options) => jobs.changePriorityOfMany(selection, priority, options),
  };
}
