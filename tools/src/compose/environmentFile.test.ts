import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseApiKey } from '@jobstream/readmodel';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../cacheFolder.ts';
import { missingLines } from './environmentFile.ts';

const variables = (lines: string[]) => Object.fromEntries(lines.map((line) => line.split('=') as [string, string]));

test('every variable that docker-compose.yml insists on is made, and no two passwords are the same', async () => {
  const text = await readFile(path.join(repositoryRoot, 'docker-compose.yml'), 'utf8');
  const insisted = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
  const made = variables(missingLines({ present: {}, cluster: false, images: {} }));
  expect(insisted.size).toBeGreaterThan(5);
  expect(new Set(Object.keys(made))).toEqual(insisted);
  expect(new Set(Object.values(made)).size).toBe(insisted.size);
  expect(parseApiKey(made['API_KEY'] ?? '')).toBeDefined();
});

test('what the file has already is not made again', () => {
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
