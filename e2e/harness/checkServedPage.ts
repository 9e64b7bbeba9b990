import assert from 'node:assert/strict';

/** Asks an API for the dashboard as a browser does: the page with its policy, and the script that it starts with. */
export async function checkServedPage(api: string): Promise<void> {
  const page = await fetch(`${api}/dashboard`);
  const text = await page.text();
  assert.equal(page.status, 200, text);
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'self';/);
  const [, script] = /<script type="module"[^>]* src="(\/dashboard\/assets\/[^"]+)"/.exec(text) ?? [];
  assert.ok(script, text);
  const asset = await fetch(`${api}${script}`);
  assert.equal(asset.status, 200);
  assert.match(asset.headers.get('content-type') ?? '', /^text\/javascript/);
  assert.match(asset.headers.get('cache-control') ?? '', /immutable/);
  assert.match(await asset.text(), /jobstream-feed/);
}
