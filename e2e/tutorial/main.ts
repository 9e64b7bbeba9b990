import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { readCommandLine } from '@jobstream/runtime';
import { freePort, repositoryRoot, resolveNatsServer } from '@jobstream/servers';
import { guardOfThisProcess, scratchDataFolder } from '@jobstream/test-support';
import { baseImages, containerEngine, NoContainerEngineError, packPackages, provideBaseImages } from '@jobstream/tools';
import { type Check, runChecks } from '../harness/runChecks.ts';
import { followPage, type Reader } from './followPage.ts';
import { startPackageRegistry } from './packageRegistry.ts';

const README_END = '## Two commands';
const CONTAINER_PART = '## In a container';

readCommandLine({
  command: 'npm run test:tutorial',
  summary:
    'Follows the beginning of README.md and docs/tutorial.md in empty folders, with the packed packages, as a reader\n' +
    'does, and compares what is printed. The last line is `N passed, N failed`.',
  environment: { CI: '`true` installs and starts a container engine if there is none; no engine is then a failure.' },
});

interface Containers extends AsyncDisposable {
  readonly env: NodeJS.ProcessEnv;
  /** The image to use for the public one of Node. */
  readonly nodeImage: string;
}

const inCi = process.env['CI'] === 'true';
const note = (line: string) => console.error(line);

async function main(): Promise<void> {
  await using registry = await startPackageRegistry(await packPackages());
  await using containers = await containersIfAny();
  const [readme, tutorial] = [await read('README.md'), await read('docs/tutorial.md')];
  const failed = await runChecks([
    check('the beginning of README.md', until(README_END, readme), { registry: registry.url }),
    check('docs/tutorial.md', containers ? tutorial : until(CONTAINER_PART, tutorial), {
      registry: registry.url,
      containers,
    }),
  ]);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** Node's image from which the page's image is built; without an engine the last part of the page is not run. */
async function containersIfAny(): Promise<Containers | undefined> {
  try {
    const engine = await containerEngine({ env: process.env, mayInstall: inCi, guard: guardOfThisProcess(), note });
    const images = baseImages.filter(({ variable }) => variable === 'NODE_IMAGE');
    const { NODE_IMAGE: nodeImage = '' } = await provideBaseImages(images, { env: engine.env, note });
    return { env: engine.env, nodeImage, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
  } catch (error) {
    if (inCi || !(error instanceof NoContainerEngineError)) throw error;
    console.log(`skipped the container of docs/tutorial.md: ${error.message}`);
    return undefined;
  }
}

/** A page, followed in an empty folder, does all that it says. */
function check(name: string, page: string, place: Parameters<typeof readerIn>[1]): Check {
  const run = async () => {
    const home = await scratchDataFolder('tutorial');
    try {
      await followPage(page, await readerIn(home, place));
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  };
  return { name, run };
}

/** Everything is at another port than usual, in case that is taken, and the servers are installed for this reader alone. */
async function readerIn(
  home: string,
  { registry, containers }: { readonly registry: string; readonly containers?: Containers | undefined },
): Promise<Reader> {
  const folder = path.join(home, 'invoices');
  await mkdir(folder);
  const port = await freePort();
  const env = {
    ...process.env,
    ...containers?.env,
    PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}`,
    XDG_CACHE_HOME: path.join(home, 'cache'),
    NATS_SERVER: await resolveNatsServer(),
    PORT: String(port),
    JOBSTREAM_URL: `http://127.0.0.1:${port}`,
    npm_config_registry: registry,
    // As in a terminal of one's own: CI runs npm silently, and its children would be silent as well.
    npm_config_loglevel: 'notice',
    npm_config_prefer_offline: 'true',
    npm_config_omit_lockfile_registry_resolved: 'false',
  };
  const image = baseImages.find(({ variable }) => variable === 'NODE_IMAGE')?.publicName ?? '';
  const replacements = new Map([
    ['127.0.0.1:3000', `127.0.0.1:${port}`],
    [image, containers?.nodeImage ?? image],
  ]);
  return { folder, env, replacements };
}

function read(page: string): Promise<string> {
  return readFile(path.join(repositoryRoot, page), 'utf8');
}

function until(heading: string, page: string): string {
  const end = page.indexOf(`\n${heading}\n`);
  if (end === -1) throw new Error(`a page has no longer the heading "${heading}"`);
  return page.slice(0, end);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
await guardOfThisProcess().stop();
process.exit();
