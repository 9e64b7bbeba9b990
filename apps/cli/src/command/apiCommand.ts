import { Command, Option } from '@commander-js/extra-typings';
import { JobstreamClient } from '@jobstream/client';
import { createPrinter, type Printer } from '../output/printer.ts';
import { apiAddress } from './apiAddress.ts';
import type { ExitCode } from './exitCode.ts';
import { CONNECTION_OPTIONS } from './help.ts';
import type { Surroundings } from './surroundings.ts';
import { address, duration } from './values.ts';

/** The options that every command against an API has. */
export interface ApiOptions {
  readonly url?: string;
  readonly key?: string;
  readonly retryFor: number;
  readonly json?: true;
  readonly utc?: true;
}

/** What a command against an API works with. */
export interface Api extends Surroundings {
  readonly url: string;
  readonly client: JobstreamClient;
  readonly printer: Printer;
}

/** Binds the work of a command to its surroundings; commander calls the result with arguments, options and itself. */
export type RunOnApi = <Words extends unknown[], Options extends ApiOptions>(
  work: (api: Api, ...args: [...Words, Options]) => Promise<ExitCode>,
) => (...args: [...Words, Options, unknown]) => Promise<void>;

/** How long a request is repeated: as long as an API takes to restart, and no longer than a person wants to wait. */
const RETRY_FOR_MS = 2_000;

/** Begins the declaration of a command against an API. */
export function apiCommand(name: string, summary: string) {
  const retryFor = new Option('--retry-for <duration>', 'how long an API that is not reachable is tried')
    .argParser(duration)
    .default(RETRY_FOR_MS, '2s');
  return new Command(name)
    .description(summary)
    .optionsGroup(CONNECTION_OPTIONS)
    .option('--url <url>', 'the address of the API', address)
    .option('--key <key>', 'an API key or a token')
    .addOption(retryFor)
    .option('--json', 'print JSON, one document a line')
    .option('--utc', 'print times in UTC instead of relative ones')
    .optionsGroup('Options:');
}

/** Opens the API that the options or the environment name. */
export function openApi(options: ApiOptions, surroundings: Surroundings): Api {
  const url = apiAddress(options.url, surroundings);
  const credentials = options.key ?? (surroundings.env['JOBSTREAM_KEY'] || undefined);
  const warn = (sentence: string) => void surroundings.stderr.write(`${sentence}\n`);
  // Commands print the warnings of what they have created themselves.
  const client = new JobstreamClient({ url, credentials, retryForMs: options.retryFor, warn, jobWarnings: false });
  const printer = createPrinter(surroundings, { json: options.json === true, utc: options.utc === true });
  return { ...surroundings, url, client, printer };
}
