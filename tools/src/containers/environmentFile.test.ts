import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseApiKey } from '@jobstream/readmodel';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { repositoryRoot } from '@jobstream/servers';
import { missingLines } from './environmentFile.ts';

interface ComposeFile {
  readonly services: Readonly<Record<string, { readonly environment?: Readonly<Record<string, unknown>> }>>;
}

const textOf = (name: string) => readFile(path.join(repositoryRoot, name), 'utf8');
const variables = (lines: string[]) => Object.fromEntries(lines.map((line) => line.split('=') as [string, string]));

test('every variable that docker-compose.yml requires is generated, and all passwords differ', async () => {
  const text = await textOf('docker-compose.yml');
  const insisted = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
  const made = variables(missingLines({ present: {}, cluster: false, images: {} }));
  expect(insisted.size).toBeGreaterThan(5);
  expect(new Set(Object.keys(made))).toEqual(insisted);
  expect(new Set(Object.values(made)).size).toBe(insisted.size);
  expect(parseApiKey(made['API_KEY'] ?? '')).toBeDefined();
});

test('existing values of the file are kept', () => {
  const present = { POSTGRES_PASSWORD: 'old', API_KEY: '' };
  const made = variables(missingLines({ present, cluster: false, images: { NATS_IMAGE: 'local/nats' } }));
  expect(made).not.toHaveProperty('POSTGRES_PASSWORD');
  expect(made).toMatchObject({ API_KEY: expect.stringContaining('jsk_'), NATS_IMAGE: 'local/nats' });
});

test('a cluster has three addresses and three replicas', () => {
  const made = variables(missingLines({ present: {}, cluster: true, images: {} }));
  expect(made).toMatchObject({ COMPOSE_PROFILES: 'cluster', STREAM_REPLICAS: '3', NATS_CONFIG: 'cluster.conf' });
  expect(made['NATS_URL']?.split(',')).toHaveLength(3);
});

/** The settings that Compose sets itself, or that need more than a variable: docs/containers.md. */
const ITS_OWN: ReadonlySet<string> = new Set([
  'HOST',
  'PORT',
  'HEALTH_PORT',
  'AUTH',
  'SHUTDOWN_GRACE_MS',
  'NATS_CREDS',
]);

test('Compose passes every setting on to the services that read it', async () => {
  const { services } = parse(await textOf('docker-compose.yml'), { merge: true }) as ComposeFile;
  const rows = [...(await textOf('docs/configuration.md')).matchAll(/^\| `(\w+)` +\|[^|]+\|[^|]+\| ([^|]+?) +\|/gm)];
  expect(rows.length).toBeGreaterThan(30);
  for (const [service, app] of Object.entries({
    api: 'api',
    'worker-1': 'worker',
    relay: 'relay',
    'projector-1': 'projector',
  })) {
    const read = rows.filter(([, , readers = '']) => readers === 'all' || readers.split(', ').includes(app));
    const wanted = read.map(([, name = '']) => name).filter((name) => !ITS_OWN.has(name));
    expect(Object.keys(services[service]?.environment ?? {})).toEqual(expect.arrayContaining(wanted));
  }
});
