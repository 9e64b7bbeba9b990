import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '@jobstream/servers';

const text = (name: string) => readFileSync(path.join(repositoryRoot, name), 'utf8');
const dashboard = text('deploy/observability/grafana/dashboards/jobstream.json');
const alerts = text('deploy/observability/prometheus/alerts.yml');

/** What docs/metrics.md names; another test compares that with the code. Histograms are asked for by their parts. */
const documented = new Map(
  [...text('docs/metrics.md').matchAll(/^\| `(jobstream_\w+)` +\| (\w+) +\| (.*?) +\|/gm)].map(
    ([, name = '', kind = '', labels = '']) => [name, { kind, labels: labels.split(/, |–/).filter(Boolean) }],
  ),
);

function known(name: string): boolean {
  const base = name.replace(/_(bucket|count|sum)$/, '');
  return name === base ? documented.get(name)?.kind !== 'histogram' : documented.get(base)?.kind === 'histogram';
}

test.each([
  ['the dashboard', dashboard],
  ['the alerts', alerts],
])('every metric that %s asks for exists', (_name, asked) => {
  const names = [...new Set([...asked.matchAll(/\bjobstream_\w+/g)].map(([name]) => name))];
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((name) => !documented.has(name.replace(/_(bucket|count|sum)$/, '')) || !known(name))).toEqual([]);
});

test('the dashboard sums only by labels that the metric has', () => {
  const { panels } = JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] };
  const wrong = panels
    .flatMap(({ targets }) => targets.map(({ expr }) => expr))
    .filter((expr) => {
      const labels = /by \(([\w, ]+)\)/.exec(expr)?.[1]?.split(', ') ?? [];
      const name = /jobstream_\w+/.exec(expr)?.[0].replace(/_(bucket|count|sum)$/, '') ?? '';
      return labels.some((label) => label !== 'le' && documented.get(name)?.labels.includes(label) !== true);
    });
  expect(wrong).toEqual([]);
});

test('the alerts match docs/metrics.md', () => {
  const documentedAlerts = /## Alerts to begin with\s+```yaml\n([\s\S]*?)```/.exec(text('docs/metrics.md'))?.[1];
  expect(alerts).toBe(`# As in docs/metrics.md.\n${documentedAlerts}`);
});
