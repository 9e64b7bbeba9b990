import { Command } from '@commander-js/extra-typings';
import type { ExitCode } from '../command/exitCode.ts';
import type { RunHere } from '../command/runHere.ts';
import type { Surroundings } from '../command/surroundings.ts';
import { runProgram } from './runProgram.ts';

/** Programs of the system that have their own help and their own options. */
const PROGRAMS = {
  doctor: 'Says what is wrong with this machine, the settings and the servers, and what to do.',
  migrate: 'Brings the tables of a database up to this release.',
  verify: 'Compares the tables of the system in this folder with its log.',
  rebuild: 'Builds the tables of the system in this folder anew from its log.',
  archive: 'Inspects and fills the archive of the system in this folder.',
  keys: 'Makes, lists and revokes API keys.',
  outbox: 'Installs, inspects and removes the outbox in the database of an application.',
} as const;

/** Whether a command has no options of its own, `--help` included. */
export function passesOn(name: string): boolean {
  return Object.hasOwn(PROGRAMS, name);
}

/** The commands that hand all that follows to a program of the system. */
export function systemCommands(run: RunHere) {
  return Object.entries(PROGRAMS).map(([name, summary]) =>
    new Command(name)
      .description(summary)
      .argument('[arguments...]', 'see its --help')
      .allowUnknownOption()
      .action(
        run((surroundings: Surroundings, args: string[], _options: object): Promise<ExitCode> => {
          return runProgram(name, { program: name, args }, surroundings);
        }),
      ),
  );
}
