import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { readCommandLine } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { missingLines } from './src/containers/environmentFile.ts';

const { values } = readCommandLine({
  command: 'npm run env',
  summary: 'Adds to .env what docker-compose.yml needs and the file lacks: passwords, keys, names of images.',
  options: {
    cluster: { type: 'boolean', default: false, help: 'Adds the settings of a cluster of three NATS servers.' },
  },
});

const file = path.join(repositoryRoot, '.env');
const [present, images] = [readVariables(file), readVariables(path.join(repositoryRoot, '.data', 'images.env'))];
const lines = missingLines({ present, cluster: values.cluster, images: images as Record<string, string> });
if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600 });
appendFileSync(file, lines.map((line) => `${line}\n`).join(''));
const names = lines.map((line) => line.slice(0, line.indexOf('=')));
console.log(names.length === 0 ? '.env has all that is needed.' : `.env: ${names.join(', ')} added.`);

function readVariables(name: string): NodeJS.Dict<string> {
  return existsSync(name) ? parseEnv(readFileSync(name, 'utf8')) : {};
}
