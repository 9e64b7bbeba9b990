import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { ConfigError } from './config.ts';

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('every setting has a default that works on one machine, or is undefined', () => {
  expect(readConfig({})).toEqual({
    NATS_URL: 'nats://127.0.0.1:4222',
    DATABASE_URL: 'postgres://127.0.0.1:5432/jobstream',
    HOST: '127.0.0.1',
    NATS_OPEN: false,
    DEV_NATS_PORT: undefined,
    PORT: 3000,
    JWT_TENANT_CLAIM: 'tenant',
    JWT_TENANT_REQUIRED: false,
    REQUEST_TIMEOUT_MS: 5_000,
    CALLER_SHARE: 75,
    TRUST_PROXY: 0,
    STRICT_TYPES: false,
    MAX_WAITING_TYPES: 200,
    DASHBOARD: true,
    LOG_LEVEL: 'info',
    STREAM_REPLICAS: 1,
    GROUP_COMMIT: true,
    JOBS_MAX_AGE: 0,
    TABLE_MAX_AGE: 0,
    AS_OF_REACH: 0,
    AUDIT_RETENTION: 365 * 86_400_000,
    ATTEMPT_LOGS: 'info',
    ATTEMPT_LOGS_MAX_AGE: 30 * 86_400_000,
    ATTEMPT_LOGS_MAX_BYTES: 1_073_741_824,
    ARCHIVER: true,
    WORKER_CONCURRENCY: 100,
    ERROR_STACKS: true,
    LOOP_WATCHDOG: true,
    SHUTDOWN_GRACE_MS: 10_000,
    SLOT_WAIT_MS: 30_000,
    MAX_CLOCK_SKEW: 30_000,
    ACK_WAIT_MS: 10_000,
    SMTP_FROM: 'jobstream@localhost',
    WEBHOOK_ALLOW_PRIVATE: false,
    DATA_DIR: '.data',
  });
});

test('an empty variable counts as one that is not set', () => {
  expect(readConfig({ PORT: '', NATS_CREDS: '', WORKER_TYPES: '' })).toEqual(readConfig({}));
});

test('variables of other programs are ignored', () => {
  expect(readConfig({ PATH: '/bin', PORTS: 'x', NATS: 'garbage' })).toEqual(readConfig({}));
});

test('all mistakes are reported at once', () => {
  expect(problemsOf({ PORT: '-1', LOG_LEVEL: 'loud', GROUP_COMMIT: 'yes' })).toEqual([
    'expected PORT to be a port number from 0 to 65535, got: -1',
    'expected LOG_LEVEL to be one of trace, debug, info, warn, error, fatal, silent, got: loud',
    'expected GROUP_COMMIT to be true or false, got: yes',
  ]);
});

test('the error has a stable code, and its message is the list of problems', () => {
  expect(() => readConfig({ PORT: 'x', HOST: 'y', STREAM_REPLICAS: '9' })).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      name: 'ConfigError',
      message:
        'expected PORT to be a port number from 0 to 65535, got: x\n' +
        'expected STREAM_REPLICAS to be an integer from 1 to 5, got: 9',
    }),
  );
});

test('a misspelt name with our prefix is refused', () => {
  expect(problemsOf({ JOBSTREAM_PROT: '1', JOBSTREAM_: '' })).toEqual([
    'unknown setting JOBSTREAM_PROT',
    'unknown setting JOBSTREAM_',
  ]);
});

test('what the command line reads is no setting of a process', () => {
  const ofTheCommandLine = {
    JOBSTREAM_URL: 'https://jobs.example.com',
    JOBSTREAM_KEY: 'key',
    JOBSTREAM_SERVER: 'server.tgz',
    JOBSTREAM_RELEASE: 'v1',
  };
  expect(readConfig({ ...ofTheCommandLine, JOBSTREAM_COMMAND: 'jobstream dev' })).toEqual(readConfig({}));
});

test('what Kubernetes sets for a service whose name has our prefix is no setting', () => {
  const links = ['_SERVICE_HOST', '_SERVICE_PORT', '_PORT', '_PORT_3000_TCP', '_PORT_3000_TCP_ADDR'];
  const env = Object.fromEntries(links.map((link) => [`JOBSTREAM_API${link}`, 'tcp://10.0.0.1:3000']));
  expect(readConfig(env)).toEqual(readConfig({}));
});

test.each([
  ['mysql://admin:s3cret@db:3306/jobs', 'mysql://***@db:3306/jobs'],
  ['postgres://admin:s3/cr@et@db:3306/jobs', 'postgres://***@db:3306/jobs'],
  ['admin:s3cret@db', '***@db'],
])('no message contains the user and password of %s', (raw, shown) => {
  const [problem] = problemsOf({ DATABASE_URL: raw });
  expect(problem).toContain(`got: ${shown}`);
});

describe('an integer setting', () => {
  test.each([
    ['1', 1],
    ['10000', 10_000],
    ['0100', 100],
  ])('%s', (raw, value) => {
    expect(readConfig({ WORKER_CONCURRENCY: raw }).WORKER_CONCURRENCY).toBe(value);
  });

  test.each(['0', '10001', '-5', '1.5', '1e3', '0x10', ' 7', '7 ', 'NaN', 'many'])('refuses %j', (raw) => {
    expect(problemsOf({ WORKER_CONCURRENCY: raw })).toEqual([
      `expected WORKER_CONCURRENCY to be an integer from 1 to 10000, got: ${raw}`,
    ]);
  });
});

describe('a port setting', () => {
  test.each(['0', '1', '65535'])('accepts %s', (raw) => {
    expect(readConfig({ PORT: raw }).PORT).toBe(Number(raw));
  });

  test.each(['65536', '100000', '-1', '80.5', '0x50', 'http'])('refuses %s', (raw) => {
    expect(problemsOf({ PORT: raw })).toHaveLength(1);
  });
});

describe('a duration setting', () => {
  test.each([
    ['0', 0],
    ['1500', 1_500],
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['12h', 43_200_000],
    ['30d', 2_592_000_000],
  ])('%s', (raw, ms) => {
    expect(readConfig({ JOBS_MAX_AGE: raw }).JOBS_MAX_AGE).toBe(ms);
  });

  test.each(['-1', '1.5h', '1w', '5 m', 'm', 'forever'])('refuses %j', (raw) => {
    expect(problemsOf({ JOBS_MAX_AGE: raw })).toEqual([
      `expected JOBS_MAX_AGE to be a duration such as 90s, 12h or 30d, or 0, got: ${raw}`,
    ]);
  });
});

describe('a size', () => {
  test.each([
    ['5', 5],
    ['500MB', 524_288_000],
    ['20GB', 21_474_836_480],
  ])('%s', (raw, bytes) => {
    expect(readConfig({ NATS_MAX_FILE_STORE: raw }).NATS_MAX_FILE_STORE).toBe(bytes);
  });

  test.each(['0', '-1', '1.5GB', '5 MB', '1PB', 'MB'])('refuses %j', (raw) => {
    expect(problemsOf({ NATS_MAX_FILE_STORE: raw })).toEqual([
      `expected NATS_MAX_FILE_STORE to be a size such as 500MB or 20GB, got: ${raw}`,
    ]);
  });
});

describe('a boolean setting', () => {
  test('accepts true and false', () => {
    expect(readConfig({ GROUP_COMMIT: 'false' }).GROUP_COMMIT).toBe(false);
    expect(readConfig({ GROUP_COMMIT: 'true' }).GROUP_COMMIT).toBe(true);
  });

  test.each(['1', '0', 'TRUE', 'on', 'no'])('refuses %s', (raw) => {
    expect(problemsOf({ GROUP_COMMIT: raw })).toEqual([`expected GROUP_COMMIT to be true or false, got: ${raw}`]);
  });
});

describe('an address setting', () => {
  test.each(['nats://nats', 'tls://user:password@nats:4222', 'nats://a:4222,nats://b:4222', 'nats://a, nats://b'])(
    'accepts %s for NATS',
    (raw) => {
      expect(readConfig({ NATS_URL: raw }).NATS_URL).toBe(raw);
    },
  );

  test.each(['garbage', 'localhost:4222', 'http://nats', 'nats:4222', 'nats://a,http://b', 'nats://a,'])(
    'refuses %s for NATS',
    (raw) => {
      expect(problemsOf({ NATS_URL: raw })).toHaveLength(1);
    },
  );

  test.each(['postgres://u:p@db/jobs', 'postgresql://db:5432/jobs?sslmode=require'])(
    'accepts %s for Postgres',
    (raw) => {
      expect(readConfig({ DATABASE_URL: raw }).DATABASE_URL).toBe(raw);
    },
  );

  test('is undefined by default for a mail server', () => {
    expect(readConfig({}).SMTP_URL).toBeUndefined();
    expect(readConfig({ SMTP_URL: 'smtps://mail' }).SMTP_URL).toBe('smtps://mail');
    expect(problemsOf({ SMTP_URL: 'mail:25' })).toHaveLength(1);
  });
});

test('a list is split at commas, without blanks and empty items', () => {
  expect(readConfig({ WORKER_TYPES: 'email, webhook,,sleep ' }).WORKER_TYPES).toEqual(['email', 'webhook', 'sleep']);
});

test('an archive is a folder by its whole path or a bucket', () => {
  expect(readConfig({ ARCHIVE: '/var/archive' }).ARCHIVE).toBe('/var/archive');
  expect(readConfig({ ARCHIVE: 's3://bucket/some/where' }).ARCHIVE).toBe('s3://bucket/some/where');
  for (const ARCHIVE of ['archive', 's3:/bucket', 's3://B', 'https://bucket']) {
    expect(problemsOf({ ARCHIVE })[0]).toContain('expected ARCHIVE to be the whole path of a folder');
  }
});

test('a JOBS_MAX_AGE that leaves the archiver too little time is refused', () => {
  expect(problemsOf({ ARCHIVE: '/var/archive', JOBS_MAX_AGE: '10m' })).toEqual([
    'expected JOBS_MAX_AGE to be at least 1h together with ARCHIVE, got: 600000ms',
  ]);
  expect(problemsOf({ ARCHIVE: '/var/archive', JOBS_MAX_AGE: '1h' })).toEqual([]);
  expect(problemsOf({ JOBS_MAX_AGE: '10m' })).toEqual([]);
});

test('payload keys have a name and 32 bytes, and no message contains them', () => {
  const [first, second] = [7, 8].map((byte) => Buffer.alloc(32, byte));
  const given = `2026:${first?.toString('base64')}, old-one:${second?.toString('base64')}`;
  expect(readConfig({ PAYLOAD_KEYS: given }).PAYLOAD_KEYS).toEqual([
    { id: '2026', secret: first },
    { id: 'old-one', secret: second },
  ]);
  const secret = Buffer.alloc(31, 7).toString('base64');
  for (const PAYLOAD_KEYS of [secret, `2026:${secret}`, `${given},2026:${first?.toString('base64')}`]) {
    const [problem = ''] = problemsOf({ PAYLOAD_KEYS });
    expect(problem).toContain('expected PAYLOAD_KEYS to be keys such as');
    expect(problem).not.toContain(secret.slice(0, 10));
  }
});
