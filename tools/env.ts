import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { repositoryRoot } from '@jobstream/servers';
import { missingLines } from './src/compose/environmentFile.ts';

const file = path.join(repositoryRoot, '.env');
const imagesFile = path.join(repositoryRoot, '.data', 'images.env');

/** Adds to `.env` what docker-compose.yml needs and the file does not have yet: passwords, keys, names of images. */
function main(): void {
  const { values } = parseArgs({ options: { cluster: { type: 'boolean', default: false } } });
  const [present, images] = [readVariables(file), readVariables(imagesFile)];
  const lines = missingLines({ present, cluster: values.cluster, images: images as Record<string, string> });
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600 });
  appendFileSync(file, lines.map((line) => `${line}\n`).join(''));
  console.log(lines.length === 0 ? '.env has all that is needed.' : `.env: ${lines.map(nameOf).join(', ')} added.`);
}

function readVariables(name: string): NodeJS.Dict<string> {
  return existsSync(name) ? parseEnv(readFileSync(name, 'utf8')) : {};
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf('='));
}

main();
