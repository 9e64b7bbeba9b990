import { quickAddJob } from 'graphile-worker';

await quickAddJob({}, 'thumbnail', { url: 'https://example.com/cat.jpg', width: 200 });
