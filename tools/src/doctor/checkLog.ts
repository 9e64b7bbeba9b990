import type { LogTrouble } from '@jobstream/eventlog';
import { typedCommand } from '@jobstream/runtime';
import type { Examination, Finding } from './examination.ts';

/** Whether the servers of the log can be reached and used. */
export async function checkLog({ env, log }: Pick<Examination, 'env' | 'log'>): Promise<readonly Finding[]> {
  const url = (env['NATS_URL'] ?? '').replaceAll(/\/\/[^/,]*@/g, '//');
  const { troubles = [] } = (await log) ?? {};
  return troubles.map((trouble) => findingOf(trouble, url));
}

function findingOf(trouble: LogTrouble, url: string): Finding {
  switch (trouble.kind) {
    case 'unreachable':
      return {
        wrong: `NATS at ${url} cannot be reached: ${trouble.reason}.`,
        remedy: 'Start it, or correct NATS_URL.',
      };
    case 'unsupported':
      return { wrong: `NATS at ${url} is too old: ${trouble.reason}.`, remedy: 'Install nats-server 2.15.' };
    case 'credentials-refused': {
      const remedy = 'Correct NATS_USER and NATS_PASSWORD, NATS_CREDS, or the user in NATS_URL.';
      return { wrong: `NATS at ${url} refuses the credentials.`, remedy };
    }
    case 'no-jetstream': {
      const remedy = 'Start it with JetStream: --jetstream, or a section `jetstream` in its configuration.';
      return { wrong: `NATS at ${url} has no JetStream, which holds the log.`, remedy };
    }
    case 'no-leader': {
      const remedy = 'Start the servers of the cluster that are down: a log with copies needs most of them.';
      return { wrong: `The streams at ${url} have no leader, so nothing can be stored.`, remedy };
    }
    case 'no-permission': {
      const remedy = 'Use the user that deploy/nats/users.conf has for this process: docs/deploy.md#nats-users.';
      return { wrong: `The NATS user may not use ${trouble.streams.join(', ')}.`, remedy };
    }
    case 'missing': {
      const remedy = `Run ${typedCommand('migrate')}, or start the API, which creates them where its user may.`;
      return { wrong: `The streams ${trouble.streams.join(', ')} are missing at ${url}.`, remedy };
    }
  }
}
