import { setTimeout as pause } from 'node:timers/promises';
import { migrate } from '@jobstream/readmodel';
import { misspeltSettings, readConfig } from '@jobstream/runtime';
import { AppProcess, programFile, repositoryRoot, SupervisedProcess } from '@jobstream/servers';
import { awaitReadiness } from './awaitReadiness.ts';
import { choosePort } from './choosePort.ts';
import { expiryDefaults, pastDefault } from './expiryDefaults.ts';
import { createStreams } from './createStreams.ts';
import { lockDataFolder } from './dataLock.ts';
import { awaitEarlierRun, recordGuard } from './earlierRun.ts';
import { provideNats, providePostgres } from './provideServers.ts';
import { recordSettings } from './recordedSettings.ts';
import { natsAddresses, recordAddresses } from './runningAddresses.ts';
import { writeNatsContext } from './natsContext.ts';
import type { ProvidedNats, SystemOptions } from './provideServers.ts';

const appNames = ['worker', 'projector', 'api'] as const;
/** Runs as well where there are outboxes. */
const namesWithRelay = [...appNames, 'relay'] as const;
type AppName = (typeof namesWithRelay)[number];
/** In addition to the time that an app gives its jobs: for the rest of its stop. */
const appGraceMs = 2_000;
const longestStepMs = 5_000;

/** The whole system on one machine: servers, migrations and apps, started in this order and stopped in reverse. */
export class System {
  readonly #options: SystemOptions;
  readonly #apps = new Map<string, SupervisedProcess>();
  readonly #undo: (() => Promise<void> | void)[] = [];
  readonly #given: NodeJS.ProcessEnv;
  readonly #env: NodeJS.ProcessEnv;
  #nats: ProvidedNats | undefined;
  #natsContext = '';
  #starting: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  constructor(options: SystemOptions) {
    this.#options = options;
    this.#given = { ...options.env, ...expiryDefaults(options.env, options.dataDir), ...pastDefault(options.env) };
    this.#env = { ...this.#given };
  }

  /** The address of the API. */
  get apiUrl(): string {
    const host = this.#env['HOST'] || '127.0.0.1';
    return `http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${this.#env['PORT']}`;
  }

  /** The address of NATS, without a user. */
  get natsUrl(): string {
    return this.#env['NATS_URL'] ?? '';
  }

  /** The address of NATS for workers of one's own, with their user and password. */
  get workerNatsUrl(): string {
    return this.#nats?.urlOf('worker') ?? '';
  }

  /** The environment of a developer's own worker. */
  get workerEnv(): NodeJS.ProcessEnv {
    return { ...this.#options.env, ...this.#nats?.envOf('worker') };
  }

  /** The folder that the `nats` command line needs as XDG_CONFIG_HOME. */
  get natsContext(): string {
    return this.#natsContext;
  }

  get databaseUrl(): string {
    return this.#env['DATABASE_URL'] ?? '';
  }

  /** Resolves when every app is ready; a stop in between ends it early. */
  start(): Promise<void> {
    this.#starting = this.#runSteps();
    return this.#starting;
  }

  /** Stops apps before servers. Twice is fine. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #runSteps(): Promise<void> {
    const steps: [activity: string, step: () => Promise<void> | void][] = [
      ['checking the settings', () => this.#checkSettings()],
      ['taking the data folder', () => this.#takeDataFolder()],
      ['choosing a port', () => this.#choosePort()],
      ['starting NATS', () => this.#startNats()],
      ['creating the streams', () => this.#createStreams()],
      ['starting Postgres', () => this.#startPostgres()],
      ['migrating the database', () => migrate(this.databaseUrl)],
      ['recording the addresses', () => this.#recordAddresses()],
      ['starting worker, projector and API', () => this.#startApps()],
      ['waiting until the API is ready', () => this.#awaitReadiness()],
    ];
    for (const [activity, step] of steps) {
      if (this.#stopping !== undefined) return;
      this.#options.onStep?.(activity);
      await step();
    }
  }

  /** All mistakes in the environment at once, before anything is started. */
  #checkSettings(): void {
    readConfig(this.#env);
    for (const sentence of misspeltSettings(this.#options.env)) this.#say(sentence);
  }

  async #takeDataFolder(): Promise<void> {
    const { dataDir, guard } = this.#options;
    this.#undo.push(lockDataFolder(dataDir));
    await awaitEarlierRun(dataDir, (line) => this.#say(line));
    recordGuard(dataDir, guard);
  }

  async #choosePort(): Promise<void> {
    const [explicit, host] = [this.#env['PORT'], this.#env['HOST'] || '127.0.0.1'];
    const usual = this.#options.anyPort === true ? 0 : 3000;
    const say = (line: string) => this.#say(line);
    this.#env['PORT'] = String(await choosePort({ name: 'the API', usual, explicit, host, say }));
  }

  async #startNats(): Promise<void> {
    const server = await provideNats(this.#options);
    this.#undo.push(() => server.stop());
    this.#nats = server;
    Object.assign(this.#env, { NATS_URL: server.url, ...server.env });
  }

  /** Only its user `migrate` may; of an open server, and of one that the user named, the services create them. */
  async #createStreams(): Promise<void> {
    if (this.#nats?.hasUsers === true) await createStreams({ ...this.#env, ...this.#nats.envOf('migrate') });
  }

  async #startPostgres(): Promise<void> {
    const server = await providePostgres(this.#options);
    this.#undo.push(() => server.stop());
    this.#env['DATABASE_URL'] = server.url;
  }

  /** Not before the servers were reached: the address of a start that fails must not be that of later commands. */
  #recordAddresses(): void {
    const nats = natsAddresses(this.#nats?.urlOf ?? (() => this.natsUrl));
    const { dataDir } = this.#options;
    recordSettings(dataDir, this.#given);
    const { folder, remove } = writeNatsContext(dataDir, nats.operator);
    this.#natsContext = folder;
    this.#undo.push(remove, recordAddresses(dataDir, this.#env, { api: this.apiUrl, nats }));
  }

  #awaitReadiness(): Promise<void> {
    const isStopping = () => this.#stopping !== undefined;
    return awaitReadiness({ apiUrl: this.apiUrl, isStopping, say: (line) => this.#say(line) });
  }

  async #startApps(): Promise<void> {
    const names = this.#env['OUTBOX_URLS'] ? namesWithRelay : appNames;
    for (const name of names) this.#apps.set(name, this.#app(name));
    await Promise.all([...this.#apps.values()].map(startApp));
  }

  #app(name: AppName): SupervisedProcess {
    const { guard, writeLine } = this.#options;
    const script = programFile(`apps/${name}/src/main`);
    const graceMs = Number(this.#env['SHUTDOWN_GRACE_MS'] || 10_000) + appGraceMs;
    const onLine = (line: string) => writeLine(name, line);
    const env = appEnv(name, { ...this.#env, ...this.#nats?.envOf(name) });
    const app = new AppProcess({ name, script, cwd: repositoryRoot, env, graceMs, guard, onLine });
    return new SupervisedProcess(app, { name, startAttempts: 5, report: (line) => this.#say(line) });
  }

  #say(line: string): void {
    this.#options.writeLine('start', line);
  }

  async #stopAll(): Promise<void> {
    // The projector last, so that the table has what the others have appended.
    const [projector, others] = [this.#apps.get('projector'), new Map(this.#apps)];
    others.delete('projector');
    await Promise.all([...others.values()].map((app) => app.stop()));
    await projector?.stop();
    // A step in progress still adds to the steps to undo; a download is not awaited.
    await Promise.race([this.#starting.catch(() => {}), pause(longestStepMs, undefined, { ref: false })]);
    for (const undo of this.#undo.toReversed()) await undo();
  }
}

async function startApp(app: SupervisedProcess): Promise<void> {
  await app.start().catch((cause: unknown) => {
    throw new Error(`${app.name} does not start, its own lines above say why.`, { cause });
  });
}

/** Processes cannot listen on one port: the projector and the relay use those after the worker's. */
function appEnv(name: AppName, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const port = Number(env['HEALTH_PORT'] ?? 0);
  const after = { api: 0, worker: 0, projector: 1, relay: 2 }[name];
  return port > 0 ? { ...env, HEALTH_PORT: String(port + after) } : env;
}
