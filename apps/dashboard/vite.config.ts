import { defineConfig } from 'vite';
import { bundleBudget } from './build/bundleBudget.ts';
import { precompress } from './build/precompress.ts';

/** Where the API is while the page is developed with `npx vite apps/dashboard`. */
const API = 'http://127.0.0.1:3000';

/** The most gzipped JavaScript before a view is seen. */
const FIRST_VIEW_BYTES = 250_000;

export default defineConfig({
  base: '/dashboard/',
  plugins: [bundleBudget(FIRST_VIEW_BYTES), precompress()],
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    // Nothing becomes a data: address, which the page's content security policy refuses.
    assetsInlineLimit: 0,
    // Packages mark what runs in browsers, which is all of it.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
  server: { proxy: { '/api': API, '/dashboard/session': API } },
});
