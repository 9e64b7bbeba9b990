import { expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';

const { api } = useStage({ auth: { open: false } });

const text = async (path: string) => (await api.fetch(path)).text();
const expected: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css', png: 'image/png' };

test('everything that the page loads comes from the same server, with the right content type', async () => {
  const page = await text('/docs');
  const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
  const files = addresses.filter((address) => address !== '/openapi.json');
  expect(files.length).toBe(4);
  for (const file of files) {
    const response = await api.fetch(file);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')?.split(';')[0]).toBe(expected[file.split('.').at(-1) ?? '']);
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(50);
  }
});

test('nothing that the page loads refers to another server', async () => {
  const [page, start, styles] = [await text('/docs'), await text('/docs/start.js'), await text('/docs/swagger-ui.css')];
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(start).not.toMatch(/https?:/);
  expect(styles).not.toMatch(/url\((?!["']?data:)|@import/);
});

test('its policy allows loads from its own server alone, no inline scripts, forms, frames around it, or another base', async () => {
  const { headers } = await api.fetch('/docs');
  const policy = headers.get('content-security-policy') ?? '';
  const directives = new Map(policy.split('; ').map((one) => [one.split(' ')[0], one.split(' ').slice(1).join(' ')]));
  expect(directives.get('default-src')).toBe("'none'");
  expect(directives.get('script-src')).toBe("'self'");
  expect(directives.get('connect-src')).toBe("'self'");
  for (const name of ['base-uri', 'form-action', 'frame-ancestors'])
    expect([name, directives.get(name)]).toEqual([name, "'none'"]);
  expect(await text('/docs')).not.toMatch(/<script>|<style>| on\w+=| style=/);
});

test.each(['index.html', 'swagger-ui-standalone-preset.js', '..%2fpackage.json', 'package.json', '.', 'absent.js'])(
  'does not give away other files: %s',
  async (file) => {
    const { status } = await api.fetch(`/docs/${file}`);
    expect([404, 200]).toContain(status);
    expect(await text(`/docs/${file}`)).toMatch(file === '.' ? /<!doctype html>/ : /path-not-found/);
  },
);

test('the page needs no credentials, also where the API requires them', async () => {
  const statuses = await Promise.all(['/docs', '/openapi.json'].map(async (path) => (await api.fetch(path)).status));
  expect(statuses).toEqual([200, 200]);
});
