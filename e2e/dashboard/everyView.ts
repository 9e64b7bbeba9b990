import { eventually } from '@jobstream/test-support';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** The addresses of all views of the router, with examples for what they take: a view with a new parameter needs one. */
export async function viewsOf(page: Page, examples: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const paths = await page.evaluate(() => {
    const { __TSR_ROUTER__: router } = globalThis as unknown as { __TSR_ROUTER__: { routesByPath: object } };
    return Object.keys(router.routesByPath);
  });
  return paths.map((path) =>
    path.replaceAll(/\$(\w+)/g, (_parameter, name: string) => {
      const example = examples[name];
      if (example === undefined) throw new Error(`give an example of $${name}, which ${path} takes`);
      return example;
    }),
  );
}

/** Waits until a view has its contents. */
export async function shown(page: Page): Promise<void> {
  await page.locator('main#view > *').first().waitFor();
  await eventually(async () => expect(await page.locator('.loading').count()).toBe(0));
}
