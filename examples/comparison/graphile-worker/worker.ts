import { run } from 'graphile-worker';

const runner = await run({
  taskList: { thumbnail: ({ url, width }: any, { logger }) => logger.info(`${url.length * width} bytes`) },
});
await runner.promise;
