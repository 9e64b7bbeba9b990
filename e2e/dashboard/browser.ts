import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** What a page wrote to its console as errors, and which requests left its server. */
export interface PageFaults {
  readonly errors: readonly string[];
  readonly foreignRequests: readonly string[];
}

/** Gathers the faults of a page from now on. */
export function watchFaults(page: Page, origin: string): PageFaults {
  const [errors, foreignRequests]: [string[], string[]] = [[], []];
  page.on(
    'console',
    (message) => message.type() === 'error' && errors.push(`${message.text()} ${message.location().url}`),
  );
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => !request.url().startsWith(origin) && foreignRequests.push(request.url()));
  return { errors, foreignRequests };
}

/** Returns one line for each violation of WCAG 2.2 AA that axe finds in a page. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: loaded } = globalThis as unknown as { readonly axe: typeof axe };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await loaded.run({ runOnly: tags });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
    );
  });
}
