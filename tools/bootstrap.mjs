// Plain JavaScript without dependencies: it runs before anything is installed, on Node 18 or newer.
// `node tools/bootstrap.mjs <script> [arguments]` installs what is missing and runs the script with the project's Node.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const record = path.join(modules, '.jobstream-lock-hash');
/** npm's own note of what it has installed, written when all is there. */
const npmRecord = path.join(modules, '.package-lock.json');
const lock = path.join(root, '.data', 'bootstrap.lock');
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'];

await main();

async function main() {
  try {
    if (isInstalled() || (await withLock(() => isInstalled() || install()))) run(process.argv.slice(2));
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

function lockHash() {
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json')));
  return hash.update(`${process.platform}-${process.arch}`).digest('hex');
}

function isInstalled() {
  const hash = lockHash();
  if (readText(record) === hash) return true;
  if (!holdsWhatTheLockSays()) return false;
  remember(hash);
  return true;
}

/** After an `npm install` by hand there is no need for one by us. */
function holdsWhatTheLockSays() {
  const installed = readJson(npmRecord)?.packages;
  if (installed === undefined) return false;
  const wanted = Object.entries(readJson(path.join(root, 'package-lock.json')).packages);
  return wanted.every(([name, entry]) => {
    if (!name.includes('node_modules/')) return true; // the workspaces themselves
    if (installed[name] === undefined) return entry.optional === true; // it is for another platform
    return installed[name].version === entry.version && installed[name].integrity === entry.integrity;
  });
}

function remember(hash) {
  try {
    writeFileSync(record, hash);
  } catch {
    // A clone that we may not write to: then the comparison is made again next time.
  }
}

/** False if a signal has ended it: then npm's work is incomplete, and the next run begins it anew. */
async function install() {
  const done = showProgress(`Installing npm packages (${whyInstall()})…`);
  for (const file of [record, npmRecord]) rmSync(file, { force: true });
  const { status, stderr, signal } = await installLocked().finally(done);
  if (signal !== undefined) {
    process.exitCode = 128 + os.constants.signals[signal];
    return false;
  }
  if (status !== 0) throw new Error(`npm ci failed (${firstReason(stderr)}): see \`npm ci\` for all it says.`);
  remember(lockHash());
  return true;
}

/**
 * The lock file names the versions but no addresses, so npm looks each package up; what it has cached about one is good even if it is
 * old. The registry is asked when the cache does not know a version yet.
 */
async function installLocked() {
  const flags = ['--no-audit', '--no-fund', '--loglevel=error'];
  const cached = await runNpm(['ci', ...flags, '--prefer-offline']);
  return cached.stderr.includes('ETARGET') && cached.signal === undefined ? runNpm(['ci', ...flags]) : cached;
}

/** Writes what is being done, and its seconds: anew on a terminal, elsewhere as a line now and then. Returns its end. */
function showProgress(activity) {
  const { stderr } = process;
  const begun = Date.now();
  stderr.write(stderr.isTTY ? activity : `${activity}\n`);
  const show = () => {
    const text = `${activity} ${Math.round((Date.now() - begun) / 1_000)} s`;
    stderr.write(stderr.isTTY ? `\r${text}` : `${text}\n`);
  };
  const timer = setInterval(show, stderr.isTTY ? 1_000 : 10_000);
  return () => {
    clearInterval(timer);
    if (stderr.isTTY) stderr.write('\n');
  };
}

function whyInstall() {
  if (!existsSync(modules)) return 'the first run';
  return existsSync(record) ? 'the lock file has changed' : 'node_modules is not complete';
}

/**
 * In a process group of its own, which a signal ends at once: npm would go on for half a minute to undo what it has done,
 * and get in the way of the next run.
 */
function runNpm(args) {
  return new Promise((resolve, reject) => {
    const options = { cwd: root, env: npmEnvironment(), detached: true, stdio: ['ignore', 'ignore', 'pipe'] };
    const npm = spawn('npm', args, options);
    let stderr = '';
    let endedBy;
    const end = (signal) => {
      endedBy = signal;
      if (npm.exitCode === null) process.kill(-npm.pid, 'SIGKILL');
    };
    npm.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    npm.on('error', (error) => reject(new Error(`npm cannot be run: ${error.message}.`)));
    npm.on('spawn', () => {
      writeFileSync(lock, `${process.pid} ${npm.pid}`);
      for (const signal of endings) process.on(signal, end);
    });
    npm.on('close', (status) => {
      for (const signal of endings) process.off(signal, end);
      resolve({ status, stderr, signal: endedBy });
    });
  });
}

function firstReason(text) {
  const reason = text
    .split('\n')
    .find((line) => line.trim() !== '' && !/error (code|errno|path|syscall|dest)/.test(line));
  return (reason ?? 'no reason given').replace(/^npm (error|ERR!) /, '').replace(/\.$/, '');
}

/** npm wants a writable cache: where the home folder is read-only, a folder in the clone takes its place. */
function npmEnvironment() {
  const cache = process.env.npm_config_cache ?? path.join(homeFolder(), '.npm');
  const env = { ...process.env, PATH: pathWithoutOurs() };
  return canWriteTo(cache) ? env : { ...env, npm_config_cache: path.join(root, '.data', 'cache', 'npm') };
}

/** `npm run` puts our own node_modules/.bin first on the PATH: npm ci must not run on the Node that it replaces. */
function pathWithoutOurs() {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.filter((folder) => path.resolve(folder) !== path.join(modules, '.bin')).join(path.delimiter);
}

function homeFolder() {
  try {
    return os.homedir();
  } catch {
    return '/nonexistent'; // a user id without an entry in /etc/passwd
  }
}

function canWriteTo(folder) {
  try {
    if (!existsSync(folder)) mkdirSync(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Two commands in one clone install one after the other. A lock whose owner is gone, and its npm too, is taken over. */
async function withLock(work) {
  mkdirSync(path.dirname(lock), { recursive: true });
  if (!takeLock()) {
    console.error('Waiting for another command, which installs npm packages…');
    while (!takeLock()) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function takeLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw new Error(`${path.dirname(lock)} cannot be written to.`, { cause: error });
  }
  if (!isAbandoned()) return false;
  rmSync(lock, { force: true });
  return takeLock();
}

function isAbandoned() {
  const owners = (readText(lock) ?? '').split(' ').map(Number).filter(Boolean);
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (owners.length === 0) return age > 5_000; // it died between creating and writing it
  return !owners.some(isAlive);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function readJson(file) {
  const text = readText(file);
  return text === undefined ? undefined : JSON.parse(text);
}

function projectNode() {
  const own = path.join(modules, '.bin', 'node');
  if (existsSync(own)) return own;
  const { node: range = '>=0.0.0' } = readJson(path.join(root, 'package.json')).engines ?? {};
  const floor = range.slice('>='.length);
  if (isAtLeast(floor)) return process.execPath;
  throw new Error(
    `Node ${floor} or newer is needed, and this is ${process.versions.node}: install a newer one and try again.`,
  );
}

function isAtLeast(floor) {
  const [[major, minor], [neededMajor, neededMinor]] = [process.versions.node, floor].map((text) =>
    text.split('.').map(Number),
  );
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

function run([script, ...args]) {
  if (script === undefined) throw new Error('usage: node tools/bootstrap.mjs <script> [arguments]');
  const bin = path.join(modules, '.bin');
  const env = {
    // Processes start in half the time when their sources need not be compiled again.
    NODE_COMPILE_CACHE: path.join(root, '.data', 'cache', 'compiled'),
    ...process.env,
    PATH: `${bin}${path.delimiter}${pathWithoutOurs()}`,
    BOOTSTRAP_PID: String(process.pid),
  };
  const child = spawn(projectNode(), [path.resolve(root, script), ...args], { cwd: root, env, stdio: 'inherit' });
  for (const signal of endings) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event !== undefined) endWithParent(child);
  child.on('error', (error) => fail(`${script} cannot be run: ${error.message}.`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + os.constants.signals[signal]));
}

/** When npm itself is killed, it tells nobody. */
function endWithParent(child) {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 1_000).unref();
}

function fail(sentence) {
  console.error(sentence);
  process.exitCode = 1;
}
