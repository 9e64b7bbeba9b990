import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkFiles } from './checkFiles.ts';
import { readWorkspace } from './workspace.ts';

const root = path.resolve(import.meta.dirname, '../..');

test('every file of the repository keeps the house rules', () => {
  expect(checkFiles(readWorkspace(root).files)).toEqual([]);
});

const lines = (count: number) => 'a;\n'.repeat(count);
const environment = ['process', 'env'].join('.');

describe('a planted file is caught', () => {
  test.each([
    ['apps/api/src/main.ts', lines(51), '51 lines, but a main.ts only connects the parts, in at most 50'],
    ['libs/eventlog/src/utils.ts', '', 'the name utils does not say what is in there'],
    ['libs/eventlog/src/helpers.test.ts', '', 'the name helpers does not say what is in there'],
    ['apps/api/src/shared/thing.ts', '', 'the name shared does not say what is in there'],
    ['apps/worker/src/common.ts', '', 'the name common does not say what is in there'],
    ['libs/readmodel/src/types.ts', '', 'the name types does not say what is in there'],
    ['tools/src/lib.ts', '', 'the name lib does not say what is in there'],
    ['tools/src/lib/thing.ts', '', 'the name lib does not say what is in there'],
    ['apps/api/src/CreateJob.ts', '', 'a file is named in camelCase, after what it exports'],
    ['apps/api/src/create-job.test.ts', '', 'a file is named in camelCase, after what it exports'],
    ['apps/api/src/jobs/index.ts', '', 'the only index.ts of a package is src/index.ts'],
    ['apps/api/index.ts', '', 'the only index.ts of a package is src/index.ts'],
    ['libs/domain/src/index.ts', "export * from './job.ts';", 'an index lists what it exports'],
    [
      'apps/api/src/routes.ts',
      "// all routes\nexport { a } from './a.ts';\nexport type {\n  B,\n} from './b.ts';\n",
      'a file that only exports what others hold is a barrel',
    ],
    ['apps/api/src/x.ts', "export * from './a.ts';\n", 'a file that only exports what others hold is a barrel'],
    ['apps/api/src/x.ts', `const { PORT } = ${environment};`, 'only config.ts of libs/runtime reads the environment'],
    ['apps/api/src/config.ts', `${environment}['A']`, 'only config.ts of libs/runtime reads the environment'],
    ['libs/eventlog/src/x.ts', 'const { env } = process;', 'only config.ts of libs/runtime reads the environment'],
    ['libs/eventlog/src/x.ts', "process['env']", 'only config.ts of libs/runtime reads the environment'],
    [
      'libs/eventlog/src/x.ts',
      "import { env } from 'node:process';",
      'only config.ts of libs/runtime reads the environment',
    ],
  ])('%s: %j', (file, text, complaint) => {
    expect(checkFiles([{ path: file, text }])).toEqual([`${file}: ${complaint}`]);
  });
});

describe('a file that is in order is not complained about', () => {
  test.each([
    ['apps/api/src/main.ts', lines(50)],
    ['libs/domain/src/index.ts', "export { a } from './a.ts';"],
    ['apps/api/src/logger.ts', "export type { Logger } from 'pino';\nexport const x = 1;"],
    ['apps/api/src/jobTypes.ts', ''],
    ['apps/api/src/empty.ts', ''],
    ['libs/runtime/src/config.ts', `${environment}['A']`],
    ['tools/src/x.ts', `${environment}['A']`],
    ['e2e/restart.test.ts', `${environment}['A']`],
    ['apps/api/src/x.test.ts', `${environment}['A']`],
    ['apps/api/src/x.ts', `// ${environment} is read elsewhere`],
    ['tools/bootstrap.mjs', ''],
    ['libs/domain/src/job.properties.test.ts', ''],
  ])('%s: %j', (file, text) => {
    expect(checkFiles([{ path: file, text }])).toEqual([]);
  });
});
