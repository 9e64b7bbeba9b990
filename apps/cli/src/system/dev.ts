import path from 'node:path';
import { Command } from '@commander-js/extra-typings';
import type { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import type { RunHere } from '../command/runHere.ts';
import type { Surroundings } from '../command/surroundings.ts';
import { runProgram } from './runProgram.ts';

interface DevOptions {
  readonly handlers?: string;
  readonly dataDir?: string;
  readonly verbose?: true;
}

const NOTES = `
Environment:
  PORT            the port of the API (default: 3000, or a free one)
  NATS_SERVER     the nats-server to use (default: that of the PATH, or a fetched one)
  NATS_URL        a NATS server to use instead of an own one
  DATABASE_URL    a database to use instead of an own one

All settings of the processes: docs/configuration.md.`;

export function devCommand(run: RunHere) {
  return new Command('dev')
    .description('Runs a whole system on this machine: NATS, Postgres, API, worker and projector. Ctrl-C stops it.')
    .option('--handlers <place>', 'also run your handlers: a module or a folder, started anew when their code changes')
    .option('--data-dir <folder>', 'where the data lies (default: DATA_DIR, or .data)')
    .option('-v, --verbose', 'print all lines of the processes')
    .addHelpText('after', `${NOTES}\n${examples('jobstream dev', 'jobstream dev --handlers ./handlers')}`)
    .action(run(runSystem));
}

function runSystem(surroundings: Surroundings, { handlers, dataDir, verbose }: DevOptions): Promise<ExitCode> {
  const given = [
    ...(handlers === undefined ? [] : ['--handlers', path.resolve(surroundings.folder, handlers)]),
    ...(dataDir === undefined ? [] : ['--data-dir', path.resolve(surroundings.folder, dataDir)]),
    ...(verbose ? ['--verbose'] : []),
  ];
  return runProgram('dev', { program: 'start', args: given }, surroundings);
}
