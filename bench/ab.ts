import { UsageError } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { checkOutCommit, commitOf } from './src/ab/checkOutCommit.ts';
import { OtherLoad } from './src/measure/otherLoad.ts';
import { readCommandLine } from './src/command/readCommandLine.ts';
import { NotJudgedError, runBench } from './src/command/runBench.ts';
import { type Comparison, comparePath, judgePairs, type Outcome, outcomeOf } from './src/ab/compareCommits.ts';
import { HOT_PATH_NAMES } from './src/ab/hotPaths.ts';

const LIMIT = 1.03;
const WORDS = { within: 'within', above: 'above', 'not judged': 'not judged by' } as const;

const { values, words } = readCommandLine({
  command: 'npm run bench:ab',
  summary:
    'Compares what the hot paths cost in this tree with what they cost in a commit, whose files and packages are put into\n' +
    '.data/cache/ab. Both run in turns on servers of their own, without the optimising compilers, whose choices differ too\n' +
    'much, in five pairs, or eleven where five do not agree about the limit; the median ratio of processor time counts. Exit\n' +
    'code 1 when a path is dearer than the limit, 2 when it could not be measured, also where other processes were busy and\n' +
    'the pairs do not agree.',
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
  const outcomes: Outcome[] = [];
  for (const one of paths) {
    const load = new OtherLoad([]);
    const judged = await judgePairs((pair) => comparePath(one, sides, pair), limit);
    const otherCores = load.cores();
    const outcome = outcomeOf(judged, otherCores);
    outcomes.push(outcome);
    const what = `${described(judged)} of ${commit.slice(0, 8)}, other load ${otherCores.toFixed(2)}`;
    console.log(`${one}: ${what}: ${WORDS[outcome]} ${limit}`);
  }
  if (outcomes.includes('above')) return false;
  if (outcomes.includes('not judged'))
    throw new NotJudgedError('other processes were busy, and the pairs do not agree: repeat it on a quieter machine');
  return true;
}

function described({ ratio: { median, min, max }, pairs }: Comparison): string {
  return `${median.toFixed(3)} (${min.toFixed(3)} to ${max.toFixed(3)}, ${pairs} pairs)`;
}
