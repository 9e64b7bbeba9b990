import { once } from 'node:events';
import type { Logger } from '../src/service/logger.ts';
import { runProcess } from '../src/process/runProcess.ts';
import type { Service } from '../src/service/service.ts';

// A program that the tests of runProcess start as a child: `node processUnderTest.ts <scenario>`. Its parts log
// each start and stop, and the part that the scenario names misbehaves.
const [, , scenario = 'well-behaved'] = process.argv;

await runProcess('under-test', (_config, logger, { started }) => {
  if (scenario === 'build-fails') throw new Error('nothing to run');
  return [
    part('first', logger),
    { ...part('second', logger), ...misbehaviour(logger, started) },
    part('third', logger),
  ];
});

function part(name: string, logger: Logger): Service {
  let handle: NodeJS.Timeout | undefined;
  return {
    name,
    start() {
      handle = setInterval(() => undefined, 60_000);
      logger.info(`${name} started`);
      return Promise.resolve();
    },
    stop() {
      clearInterval(handle);
      logger.info(`${name} stopped`);
      return Promise.resolve();
    },
  };
}

function misbehaviour(logger: Logger, started: () => boolean): Partial<Service> {
  const tell = () => Promise.resolve(logger.info(started() ? 'all have started' : 'not all have started'));
  switch (scenario) {
    case 'start-fails':
      return { start: () => Promise.reject(new Error('the port is taken')) };
    case 'log-unreachable':
      return {
        start: () => Promise.reject(Object.assign(new Error('NATS is not there.'), { name: 'LogUnreachableError' })),
      };
    case 'start-waits':
      return {
        async start() {
          logger.info('second is starting');
          await once(process, 'message');
        },
      };
    case 'keeps-much':
      return { start: () => Promise.resolve(keep(300_000)) };
    case 'asks':
      return { start: tell, stop: tell };
    case 'stop-fails':
      return { stop: () => Promise.reject(new Error('the connection is lost')) };
    case 'stop-waits':
      return {
        async stop() {
          logger.info('second is stopping');
          await once(process, 'SIGTERM');
        },
      };
    case 'stop-hangs':
      return {
        stop() {
          logger.info('second is stopping');
          return new Promise(() => undefined);
        },
      };
    default:
      return {};
  }
}

/** As much as makes V8 collect garbage several times. */
function keep(count: number): void {
  const kept: unknown[] = [];
  for (let n = 0; n < count; n += 1) kept.push([n, { n }]);
}
