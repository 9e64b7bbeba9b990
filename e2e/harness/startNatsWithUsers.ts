import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { natsPasswordVariable, natsUsers, repositoryRoot, type NatsUser } from '@jobstream/servers';
import { guardOfThisProcess, startNats } from '@jobstream/test-support';
import { connect, type NatsConnection } from '@nats-io/transport-node';

/** A nats-server with the users of deploy/nats/users.conf. */
export interface NatsWithUsers extends AsyncDisposable {
  readonly url: string;
  /** What a process gets in its environment to come as this user. */
  settings(user: NatsUser): Record<string, string>;
  /** Connects as the user, with the inbox of that name; default its own. */
  connectAs(user: NatsUser, inbox?: string): Promise<NatsConnection>;
  /** What the server has refused so far, a line for each. */
  refusals(): Promise<readonly string[]>;
}

/** Starts one on a free loopback port. The server takes the passwords from its environment, which it has from us. */
export async function startNatsWithUsers(): Promise<NatsWithUsers> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'jobstream-users-'));
  guardOfThisProcess().remove(dataDir);
  for (const user of natsUsers) process.env[natsPasswordVariable(user)] = passwordOf(user);
  // The server takes paths of included files from where its own configuration is.
  const file = path.relative(dataDir, path.join(repositoryRoot, 'deploy', 'nats', 'users.conf'));
  const server = await startNats({ dataDir, extraConfig: `include ${file}` });
  return {
    url: server.url,
    settings: (user) => ({ NATS_URL: server.url, NATS_USER: user, NATS_PASSWORD: passwordOf(user) }),
    connectAs: (user, inbox = user) =>
      connect({ servers: server.url, user, pass: passwordOf(user), inboxPrefix: `_INBOX_${inbox}`, reconnect: false }),
    refusals: async () => {
      const log = await readFile(path.join(dataDir, 'nats.log'), 'utf8');
      return log.split('\n').filter((line) => line.includes('Violation'));
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function passwordOf(user: NatsUser): string {
  return `12ab34-${user}`;
}
