// Plain JavaScript without dependencies: it runs before anything is installed, on Node 18 or newer.
// `node tools/bootstrap.mjs <script> [arguments]` installs what is missing and runs the script with the project's Node.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const record = path.join(modules, '.jobstream-lock-hash');
const lock = path.join(root, '.data', 'bootstrap.lock');
const oldestNode = 24;

await main();

async function main() {
  try {
    if (!isInstalled()) await withLock(() => isInstalled() || install());
    run(process.argv.slice(2));
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

/** npm notes in a file of its own what it has installed: so an `npm install` by hand needs no second one by us. */
function holdsWhatTheLockSays() {
  const installed = readJson(path.join(modules, '.package-lock.json'))?.packages;
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

function install() {
  const reason = existsSync(modules) ? 'the lock file has changed' : 'the first run';
  console.error(`Installing npm packages (${reason})…`);
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const output = { cwd: root, env: npmEnvironment(), encoding: 'utf8', shell: process.platform === 'win32' };
  const { status, error, stderr } = spawnSync('npm', args, { ...output, stdio: ['ignore', 'ignore', 'pipe'] });
  if (error !== undefined) throw new Error(`npm cannot be run: ${error.message}.`);
  if (status !== 0) throw new Error(`npm ci failed (${firstReason(stderr)}): see \`npm ci\` for all it says.`);
  remember(lockHash());
}

function firstReason(text) {
  const reason = text.split('\n').find((line) => line.trim() !== '' && !/error (code|errno|path)/.test(line));
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

/** Two commands in one clone install one after the other. A lock whose owner is gone is taken over. */
async function withLock(work) {
  mkdirSync(path.dirname(lock), { recursive: true });
  while (!takeLock()) await new Promise((resolve) => setTimeout(resolve, 100));
  try {
    work();
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
  if (isAbandoned()) rmSync(lock, { force: true });
  return false;
}

function isAbandoned() {
  const pid = Number(readText(lock));
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (!pid) return age > 5_000; // its owner died between creating and writing it
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
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
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) return process.execPath;
  throw new Error(`Node ${oldestNode} is needed, this is ${process.versions.node}: install it and try again.`);
}

function run([script, ...args]) {
  if (script === undefined) throw new Error('usage: node tools/bootstrap.mjs <script> [arguments]');
  const bin = path.join(modules, '.bin');
  const env = {
    ...process.env,
    PATH: `${bin}${path.delimiter}${pathWithoutOurs()}`,
    BOOTSTRAP_PID: String(process.pid),
  };
  const child = spawn(projectNode(), [path.resolve(root, script), ...args], { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
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
