import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { ConfigError } from './config.ts';

const read = (file: string) => readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8');

/** The functions that receive all settings, and the settings that each of them reads. */
const PARTS = new Map([
  ['authSettings(config)', ['libs/runtime/src/config/authSettings.ts']],
  ['eventLogSettings(config)', ['libs/runtime/src/config/eventLogSettings.ts']],
  ['logsRetention(config)', ['libs/runtime/src/config/logsRetention.ts']],
  ['openArchive(config)', ['libs/archive/src/openArchive.ts']],
  ['createArchivers(', ['apps/projector/src/archive/createArchivers.ts']],
  ['createPast(', ['apps/projector/src/past/createPast.ts']],
]);

const APPS = ['api', 'projector', 'relay', 'worker'];
const mains = new Map(APPS.map((app) => [app, withSettings(read(`apps/${app}/src/main.ts`))]));
const defaults = new Map(Object.entries(readConfig({})).map(([name, value]) => [name, shownDefault(value)]));
const section = read('docs/configuration.md').split('\n## Settings\n')[1]?.split('\n## ')[0] ?? '';
const rows = new Map(section.split('\n').filter(isRow).map(cellsOf));

/** Expands a function that reads several settings to those settings. */
function withSettings(main: string): string {
  const files = [...PARTS].filter(([use]) => main.includes(use)).flatMap(([, sources]) => sources);
  return [main, ...files.map(read)].join('\n');
}

function shownDefault(value: unknown): string {
  return value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);
}

function isRow(line: string): boolean {
  return line.startsWith('| `');
}

function cellsOf(line: string): [name: string, cells: readonly string[]] {
  const [name = '', ...cells] = line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));
  return [name, cells];
}

/** Returns the expectation in the error for an invalid value; a setting that accepts any text has none. */
function expectedBy(name: string): string {
  try {
    return Array.isArray(new Map(Object.entries(readConfig({ [name]: '\u0001' }))).get(name))
      ? 'names, separated by commas'
      : 'text';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return /^expected \w+ to be (.*), got: /.exec(error.message)?.[1] ?? error.message;
  }
}

test('the page lists all settings in the order of the code', () => {
  expect([...rows.keys()]).toEqual([...defaults.keys()]);
});

describe.each([...defaults.keys()])('%s', (name) => {
  const [value, fallback, readers] = rows.get(name) ?? [];

  test('the page describes its values as its error message does', () => {
    expect(value).toBe(expectedBy(name));
  });

  test('the page has the default of the code', () => {
    expect(fallback).toBe(defaults.get(name));
  });

  test('the page names the processes whose main.ts reads it', () => {
    const apps = APPS.filter((app) => new RegExp(`config\\.${name}\\b`).test(mains.get(app) ?? ''));
    const start = 'npm start';
    const all = { LOG_LEVEL: 'all', OTEL_EXPORTER_OTLP_ENDPOINT: 'all' };
    const tools = ['DATA_DIR', 'DEV_NATS_PORT', 'NATS_MAX_FILE_STORE', 'NATS_OPEN'];
    const elsewhere: Record<string, string> = { ...all, ...Object.fromEntries(tools.map((tool) => [tool, start])) };
    expect(readers).toBe(elsewhere[name] ?? apps.join(', '));
  });
});
