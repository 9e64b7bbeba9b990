import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { repositoryRoot, resolveNatsServer, natsPasswordVariable, natsUsers, type NatsUser } from '@jobstream/servers';
import { connect, type NatsConnection, PermissionViolationError, RequestError } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NatsWithUsers, startNatsWithUsers } from '../harness/startNatsWithUsers.ts';

let nats: NatsWithUsers;

beforeAll(async () => {
  nats = await startNatsWithUsers();
});

afterAll(async () => {
  await nats?.[Symbol.asyncDispose]();
});

async function withUser<Result>(user: NatsUser, use: (connection: NatsConnection) => Promise<Result>): Promise<Result> {
  const connection = await nats.connectAs(user);
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

/** Whether the server lets the user send to the subject; a missing responder is no refusal. */
function maySend(user: NatsUser, subject: string): Promise<boolean> {
  return withUser(user, async (connection) => {
    const error = await connection.request(subject, '', { timeout: 5_000 }).catch((reason: unknown) => reason);
    return !(error instanceof RequestError && error.cause instanceof PermissionViolationError);
  });
}

/** Whether the server lets the user listen to the subject. */
function mayHear(user: NatsUser, subject: string): Promise<boolean> {
  return withUser(user, async (connection) => {
    const refusals: Error[] = [];
    connection.subscribe(subject, { callback: (error) => void (error !== null && refusals.push(error)) });
    await connection.flush();
    return refusals.length === 0;
  });
}

const id = randomUUID();
const events = [
  'created',
  'started',
  'progressed',
  'steps-recorded',
  'suspended',
  'resumed',
  'completed',
  'retry-scheduled',
  'failed',
  'cancelled',
  'requeued',
  'released',
  'due-now',
  'signalled',
  'payload-changed',
  'carried',
  'carried-with-steps',
  'carried-waiting',
];
const sent: Record<NatsUser, readonly string[]> = {
  api: ['created', 'cancelled', 'requeued', 'due-now', 'signalled', 'payload-changed', 'carried', 'carried-with-steps'],
  worker: [
    'created',
    'started',
    'progressed',
    'steps-recorded',
    'suspended',
    'resumed',
    'completed',
    'retry-scheduled',
    'failed',
    'released',
  ],
  relay: ['created'],
  projector: ['carried', 'carried-with-steps', 'carried-waiting'],
  migrate: [],
  operator: ['requeued'],
};

describe.each(natsUsers)('%s', (user) => {
  test('appends the events of a job that are its own, and no others', async () => {
    const allowed: string[] = [];
    for (const event of events) if (await maySend(user, `jobs.email.${id}.${event}`)) allowed.push(event);
    expect(allowed).toEqual(sent[user]);
  });

  test('appends the events of a schedule that are its own, and no others', async () => {
    const ofSchedules: Partial<Record<NatsUser, readonly string[]>> = {
      api: ['created', 'updated', 'deleted'],
      worker: ['created', 'updated', 'ticked'],
      projector: ['updated'],
    };
    const allowed: string[] = [];
    for (const event of ['created', 'updated', 'deleted', 'ticked'])
      if (await maySend(user, `schedules.nightly.${event}`)) allowed.push(event);
    expect(allowed).toEqual(ofSchedules[user] ?? []);
  });

  test.each(natsUsers.filter((other) => other !== user))('receives no replies to %s', async (other) => {
    expect(await mayHear(user, `_INBOX_${other}.>`)).toBe(false);
  });

  test('receives the replies to itself, and cannot subscribe to all replies', async () => {
    expect(await mayHear(user, `_INBOX_${user}.>`)).toBe(true);
    expect(await mayHear(user, '_INBOX.>')).toBe(false);
    expect(await mayHear(user, '>')).toBe(false);
  });

  test.each([
    '$JS.API.STREAM.DELETE.JOBS',
    '$JS.API.STREAM.DELETE.TIMERS',
    '$JS.API.STREAM.MSG.DELETE.JOBS',
    '$JS.API.STREAM.UPDATE.TIMERS',
    '$JS.API.STREAM.DELETE.TYPES',
    '$JS.API.STREAM.UPDATE.WORKERS',
    '$JS.API.STREAM.LEADER.STEPDOWN.JOBS',
  ])('may not call %s', async (subject) => {
    expect(await maySend(user, subject)).toBe(false);
  });

  test('writes log lines only if it is a worker, reads them only if it is the API or the operator, and deletes none', async () => {
    expect(await maySend(user, 'logs.0a')).toBe(user === 'worker');
    expect(await maySend(user, '$JS.API.DIRECT.GET.LOGS')).toBe(user === 'api' || user === 'operator');
    expect(await maySend(user, '$JS.API.STREAM.UPDATE.LOGS')).toBe(user === 'migrate');
    for (const call of ['DELETE', 'PURGE', 'MSG.DELETE'])
      expect(await maySend(user, `$JS.API.STREAM.${call}.LOGS`)).toBe(false);
  });

  test('reads the definitions of job types if it creates jobs and may not follow them', async () => {
    expect(await maySend(user, '$JS.API.DIRECT.GET.TYPES')).toBe(['worker', 'relay', 'operator'].includes(user));
  });

  test('lets the log take claims of unique keys only if it is migrate, and claims them only if it creates or keeps jobs', async () => {
    expect(await maySend(user, '$JS.API.STREAM.UPDATE.JOBS')).toBe(user === 'migrate');
    expect(await maySend(user, 'unique.0a')).toBe(['api', 'worker', 'relay', 'projector'].includes(user));
    expect(await maySend(user, 'jobs.email.0a.revised')).toBe(['api', 'relay'].includes(user));
  });

  test('creates jobs of high and low priority if it creates jobs, and their consumers only if it is the API', async () => {
    const creates = ['api', 'worker', 'relay'].includes(user);
    for (const lane of ['high', 'low']) {
      expect(await maySend(user, `jobs.email.0a.${lane}`)).toBe(creates);
      expect(await maySend(user, `timers.${lane}.email`)).toBe(user === 'api');
      const create = `$JS.API.CONSUMER.CREATE.TIMERS.${lane}-email.timers.${lane}.email`;
      expect(await maySend(user, create)).toBe(user === 'api' || user === 'operator');
      expect(await maySend(user, `lanes.${lane}.email`)).toBe(user === 'worker' || user === 'relay');
    }
    expect(await maySend(user, 'jobs.email.0a.priority-changed')).toBe(user === 'api');
    expect(await maySend(user, 'timers.at.email.0a')).toBe(['api', 'worker', 'projector'].includes(user));
  });

  test('sends signals and creates their consumer only if it is the API, and is told of it only if it is a worker', async () => {
    const consumer = 'JOBS.calls-email';
    const creates = ['api', 'operator'].includes(user);
    expect(await maySend(user, `$JS.API.CONSUMER.DURABLE.CREATE.${consumer}`)).toBe(user === 'api');
    expect(await maySend(user, `$JS.API.CONSUMER.CREATE.${consumer}`)).toBe(creates);
    const finds = creates || user === 'worker' || user === 'relay';
    expect(await maySend(user, `$JS.API.CONSUMER.INFO.${consumer}`)).toBe(finds);
    const hint = `$JS.EVENT.ADVISORY.CONSUMER.CREATED.${consumer}`;
    expect(await mayHear(user, hint)).toBe(['worker', 'operator'].includes(user));
  });

  test('purges the log only if it is the projector', async () => {
    expect(await maySend(user, '$JS.API.STREAM.PURGE.JOBS')).toBe(user === 'projector');
  });

  test.each(['JOBS', 'TIMERS', 'WORKERS', 'TYPES', 'LOGS', 'OTHER'])(
    'creates the stream %s only if it is migrate',
    async (stream) => {
      expect(await maySend(user, `$JS.API.STREAM.CREATE.${stream}`)).toBe(user === 'migrate' && stream !== 'OTHER');
    },
  );

  test('announces that it lives if it is a service, and its types if it is a worker; the API sets and removes', async () => {
    const subjects: Readonly<Record<string, readonly string[]>> = {
      projector: ['workers.w1'],
      worker: ['types.email.w1'],
      api: [
        'types.email.$settings',
        'types.email.$definition',
        'types.$removed.w1',
        '$JS.API.STREAM.PURGE.TYPES',
        '$JS.API.STREAM.PURGE.WORKERS',
      ],
    };
    const allowed: string[] = [];
    for (const subject of Object.values(subjects).flat()) if (await maySend(user, subject)) allowed.push(subject);
    const lives = user === 'worker' || user === 'api' ? ['workers.w1'] : [];
    expect(allowed).toEqual([...lives, ...(subjects[user] ?? [])]);
  });

  test('acknowledges work only if it is a worker', async () => {
    expect(await maySend(user, `$JS.ACK.JOBS.worker-email.1.1.1.1.0`)).toBe(['worker', 'operator'].includes(user));
  });

  test('deletes a consumer only if it is the API or the operator', async () => {
    for (const consumer of ['JOBS.worker-email', 'JOBS.projector-1', 'TIMERS.due-email', 'TIMERS.ticks'])
      expect(await maySend(user, `$JS.API.CONSUMER.DELETE.${consumer}`)).toBe(['api', 'operator'].includes(user));
  });

  test.each([
    'CREATE.JOBS',
    'CREATE.JOBS.worker-email',
    'CREATE.JOBS.worker-email.jobs.email.*.created',
    'CREATE.JOBS.worker-email.jobs.sms.>',
    'CREATE.JOBS.follower-1',
    'DURABLE.CREATE.JOBS.worker-email',
    'CREATE.TIMERS.due-email.timers.due.email',
    'DURABLE.CREATE.TIMERS.due-email',
    'CREATE.TYPES.follower-1',
    'CREATE.WORKERS.follower-1',
    'PAUSE.JOBS.worker-email',
    'PAUSE.TIMERS.due-email',
    'RESET.JOBS.worker-email',
    'RESET.TIMERS.due-email',
    'LEADER.STEPDOWN.JOBS.worker-email',
    'UNPIN.JOBS.worker-email',
  ])('creates and changes no consumer by %s unless it manages them', async (call) => {
    const managing: Partial<Record<NatsUser, RegExp>> = {
      api: /^(CREATE\.JOBS\.[\w-]+$|DURABLE\.CREATE\.JOBS|CREATE\.TIMERS\.|CREATE\.(TYPES|WORKERS)|PAUSE)/,
      operator: /^(CREATE|PAUSE)/,
    };
    expect(await maySend(user, `$JS.API.CONSUMER.${call}`)).toBe(managing[user]?.test(call) ?? false);
  });

  test('takes messages only from the consumers that are its own', async () => {
    const consumers = [
      'JOBS.worker-email',
      'JOBS.requeued-email',
      'JOBS.calls-email',
      'TIMERS.due-email',
      'TIMERS.ticks',
      'JOBS.projector-1',
    ];
    const own: Partial<Record<NatsUser, readonly string[]>> = {
      api: consumers.filter((name) => name.startsWith('JOBS')),
      worker: consumers.filter((name) => name !== 'JOBS.projector-1'),
      projector: ['JOBS.projector-1'],
      operator: consumers,
    };
    const allowed: string[] = [];
    for (const name of consumers) if (await maySend(user, `$JS.API.CONSUMER.MSG.NEXT.${name}`)) allowed.push(name);
    expect(allowed).toEqual(own[user] ?? []);
  });

  test('moves the position of a consumer only if it is the projector, and of its own', async () => {
    expect(await maySend(user, '$JS.API.CONSUMER.RESET.JOBS.projector-1')).toBe(user === 'projector');
  });

  test('purges only what the service itself keeps there', async () => {
    const purging: Partial<Record<NatsUser, readonly string[]>> = {
      api: ['TIMERS', 'WORKERS', 'TYPES'],
      worker: ['TIMERS'],
      projector: ['JOBS'], // the beginning, once it is archived; NATS cannot allow a part
    };
    const allowed: string[] = [];
    for (const stream of ['JOBS', 'TIMERS', 'WORKERS', 'TYPES', 'KEYS'])
      if (await maySend(user, `$JS.API.STREAM.PURGE.${stream}`)) allowed.push(stream);
    expect(allowed).toEqual(purging[user] ?? []);
  });
});

test('a wrong password is refused', async () => {
  const attempt = connect({ servers: nats.url, user: 'api', pass: 'guessed' });
  await expect(attempt).rejects.toThrow(/authorization/i);
});

describe.each(['nats.conf', 'cluster.conf'])('%s', (name) => {
  const file = path.join(repositoryRoot, 'deploy', 'nats', name);
  const route = { NATS_SERVER_NAME: 'nats-1', NATS_ROUTES: '[nats://nats-2:6222]', NATS_ROUTE_PASSWORD: 'secret' };
  const limit = { NATS_MAX_FILE_STORE: '45GB' };
  const passwords = Object.fromEntries(natsUsers.map((user) => [natsPasswordVariable(user), 'secret']));

  test('is a valid configuration of the server', async () => {
    expect(await check(file, { ...route, ...limit, ...passwords })).toContain('is valid');
  });

  test('is refused without a limit for what streams may take on the disk', async () => {
    expect(await check(file, { ...route, ...passwords })).toContain('NATS_MAX_FILE_STORE');
  });

  test.each(natsUsers)('is refused without the password of %s', async (user) => {
    const { [natsPasswordVariable(user)]: _missing, ...others } = passwords;
    expect(await check(file, { ...route, ...limit, ...others })).toContain(natsPasswordVariable(user));
  });
});

/** Returns the server's output when it only checks a configuration. */
async function check(file: string, env: Record<string, string>): Promise<string> {
  const binary = await resolveNatsServer();
  return new Promise((resolve) => {
    execFile(binary, ['-t', '-c', file], { env }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}
