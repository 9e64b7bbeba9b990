import { UsageError } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { checkOutCommit, commitOf } from './src/ab/checkOutCommit.ts';
import { readCommandLine } from './src/command/readCommandLine.ts';
import { runBench } from './src/command/runBench.ts';
import { comparePath, judgePairs } from './src/ab/compareCommits.ts';
import { HOT_PATH_NAMES } from './src/ab/hotPaths.ts';

const LIMIT = 1.03;
const PAIRS = 5;

const { values, words } = readCommandLine({
  command: 'npm run bench:ab',
  summary:
    'Compares what the hot paths cost in this tree with what they cost in a commit, whose files and packages are put into\n' +
    '.data/cache/ab. Both run in turns on servers of their own, five times; the median ratio of processor time counts.\n' +
    'Exit code 1 when a path is dearer than the limit, 2 when it could not be measured.',
  words: '<commit>',
  options: {
    path: {
      type: 'string',
      multiple: true,
      value: 'name',
      known: HOT_PATH_NAMES,
      help: `Compares only this: ${HOT_PATH_NAMES.join(', ')}.`,
    },
    limit: {
      type: 'string',
      default: String(LIMIT),
      value: 'ratio',
      number: 'any',
      help: `The most it may be; default ${LIMIT}.`,
    },
  },
  examples: ['HEAD', 'v0.2.0 --path attempt --path append'],
});
await runBench(compareAll);

/** Returns whether each path is within the limit. */
async function compareAll(): Promise<boolean> {
  const [name, ...others] = words;
  if (name === undefined || others.length > 0)
    throw new UsageError('expected one commit; for help: npm run bench:ab -- --help');
  const limit = Number(values.limit);
  const paths = HOT_PATH_NAMES.filter((path) => values.path?.includes(path) ?? true);
  const commit = await commitOf(name);
  const sides = { ours: repositoryRoot, theirs: await checkOutCommit(commit) };
  let isWithin = true;
  for (const one of paths) {
    const ratios: number[] = [];
    while (ratios.length < PAIRS) ratios.push(await comparePath(one, sides));
    const { ratio, isWithin: within } = judgePairs(ratios, limit);
    isWithin &&= within;
    const range = `${ratio.min.toFixed(3)} to ${ratio.max.toFixed(3)}`;
    console.log(
      `${one}: ${ratio.median.toFixed(3)} (${range}) of ${commit.slice(0, 8)}${within ? '' : `, above ${limit}`}`,
    );
  }
  return isWithin;
}
