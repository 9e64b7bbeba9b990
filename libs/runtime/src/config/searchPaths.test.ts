import { expect, test } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

test('paths to search by are read by type, and without the setting there are none', () => {
  const { SEARCH_PATHS } = readConfig({ SEARCH_PATHS: 'order: customer, order.id, result:invoice ; email:to' });
  expect([...(SEARCH_PATHS ?? [])]).toEqual([
    ['order', ['customer', 'order.id', 'result:invoice']],
    ['email', ['to']],
  ]);
  expect(readConfig({}).SEARCH_PATHS).toBeUndefined();
});

test.each([
  'order',
  'order:',
  'Order:customer',
  'order:a,a',
  'order:a;order:b',
  'order:a..b',
  'order:$jwe',
  'order:payload:a',
  `order:${Array.from({ length: 17 }, (_, index) => `p${index}`).join(',')}`,
  `order:${'x'.repeat(129)}`,
])('%s is refused with an example', (SEARCH_PATHS) => {
  expect(() => readConfig({ SEARCH_PATHS })).toThrow(ConfigError);
  expect(() => readConfig({ SEARCH_PATHS })).toThrow('expected SEARCH_PATHS to be paths such as order:customer');
});
