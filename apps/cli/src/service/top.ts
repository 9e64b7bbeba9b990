import { setTimeout as pause } from 'node:timers/promises';
import { JobstreamError } from '@jobstream/client';
import { Option } from 'commander';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { describeApiError } from '../command/failure.ts';
import { examples } from '../command/help.ts';
import { duration } from '../command/values.ts';
import { TerminalScreen } from '../output/terminalScreen.ts';
import { describeOverview, type Overview } from './describeOverview.ts';

interface TopOptions extends ApiOptions {
  readonly once?: true;
  readonly every: number;
}

const EVERY_MS = 2_000;
const GROUPS = 5;

export function topCommand(run: RunOnApi) {
  return apiCommand('top', 'Shows what waits, runs and fails, and renews it until q is pressed.')
    .option('--once', 'show it once; so it is where the output is no terminal, and with --json')
    .addOption(new Option('--every <duration>', 'how often it is renewed').argParser(duration).default(EVERY_MS, '2s'))
    .addHelpText(
      'after',
      examples('jobstream top', 'jobstream top --once', 'jobstream top --json | jq .stats.jobs.byStatus'),
    )
    .action(run(top));
}

async function top(api: Api, { once, every }: TopOptions): Promise<ExitCode> {
  const { printer, stdout } = api;
  const first = await readOverview(api);
  if (once || printer.json || stdout.isTTY !== true) {
    printer.document(first, () => describeOverview(first, { printer, width: stdout.columns }).join('\n'));
    return ExitCode.ok;
  }
  return follow(api, first, every);
}

/** Callers with a tenant may not ask for what concerns all tenants, and have no backlog. */
async function readOverview({ client, signal }: Api): Promise<Overview> {
  const [stats, failures] = await Promise.all([
    client.stats({ window: '60m', signal }),
    client.failures({ window: '60m', limit: GROUPS }, { signal }),
  ]);
  if (stats.backlog === undefined) return { stats, failures };
  const [types, workers] = await Promise.all([client.types.list({ signal }), client.workers.list({ signal })]);
  return { stats, failures, types, workers };
}

async function follow(api: Api, first: Overview, everyMs: number): Promise<ExitCode> {
  const screen = new TerminalScreen(api);
  try {
    let [shown, trouble]: [Overview, string | undefined] = [first, undefined];
    for (;;) {
      screen.draw(linesOf(api, shown, trouble));
      await pause(everyMs, undefined, { signal: screen.left }).catch(() => {});
      if (screen.left.aborted) return api.signal.aborted ? ExitCode.interrupted : ExitCode.ok;
      try {
        [shown, trouble] = [await readOverview({ ...api, signal: screen.left }), undefined];
      } catch (error) {
        if (!(error instanceof JobstreamError)) continue; // the request was ended by a key
        trouble = describeApiError(error, api.url);
      }
    }
  } finally {
    screen.close();
  }
}

function linesOf({ printer, stdout, url }: Api, overview: Overview, trouble: string | undefined): readonly string[] {
  const clock = printer.clock(new Date().toISOString()).replace(/[.]\d+Z?$/u, '');
  return [
    printer.tone('strong', `${url}  ${clock}`) + printer.tone('quiet', '  q quits'),
    ...(trouble === undefined ? [] : [printer.tone('bad', trouble)]),
    ...describeOverview(overview, { printer, width: stdout.columns }),
  ];
}
