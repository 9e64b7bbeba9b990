import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '@jobstream/runtime';
import { repositoryRoot, resolveGoTool, resolvePythonPackage } from '@jobstream/servers';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runProgram } from '../harness/runProgram.ts';
import { cloudRunCheck, kubernetesCheck, type Manifest, settingsIn } from './schemaCheck.ts';

const deploy = path.join(repositoryRoot, 'deploy');
const [kustomize, actionlint] = [await resolveGoTool('kustomize'), await resolveGoTool('actionlint')];
const kubernetes = await resolvePythonPackage('kubernetes-validate');
const google = await resolvePythonPackage('google-api-python-client');
const missing = [kustomize, actionlint, kubernetes, google].flatMap((one) => ('missing' in one ? [one.missing] : []));

test('the programs and schemas that check are there, which CI must have', (context) => {
  if (missing.length > 0 && process.env['CI'] === undefined) return context.skip(missing.join('; '));
  expect(missing).toEqual([]);
});

function manifestsOf(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

describe.skipIf(missing.length > 0)('Kubernetes:', async () => {
  const build =
    'binary' in kustomize ? await runProgram(kustomize.binary, ['build', path.join(deploy, 'kubernetes')]) : undefined;
  const manifests = manifestsOf(build?.output ?? '');
  const own = manifests.filter(({ apiVersion }) => !apiVersion.startsWith('keda.sh/'));
  const folder = 'folder' in kubernetes ? kubernetes.folder : '';

  test('kustomize builds one of each thing', () => {
    expect(
      manifests
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata }) => metadata.name)
        .toSorted(),
    ).toEqual(['api', 'projector', 'worker']);
  });

  test.each(['1.33.0', '1.34.0', '1.37.0'])('version %s takes every manifest and knows every field', (version) => {
    const check = kubernetesCheck(folder, version);
    expect(own.flatMap((manifest) => check(manifest).map((line) => `${manifest.metadata.name}: ${line}`))).toEqual([]);
  });

  test('a misspelt field would be noticed', () => {
    const api = own.find(({ kind }) => kind === 'Deployment');
    const misspelt = JSON.parse(JSON.stringify(api).replace('"readinessProbe"', '"readynessProbe"')) as Manifest;
    expect(kubernetesCheck(folder, '1.34.0')(misspelt).join()).toContain('readynessProbe');
  });

  test('KEDA takes what scales the workers, by the consumers that there are', () => {
    const scaled = manifests.find(({ kind }) => kind === 'ScaledObject');
    new ScaledObject(scaled as never).validate();
    const text = JSON.stringify(scaled);
    for (const jobType of ['email', 'webhook', 'sleep']) {
      expect(text).toContain(`"stream":"JOBS"`);
      expect(text).toContain(`"consumer":"worker-${jobType}"`);
      expect(text).toContain(`"consumer":"requeued-${jobType}"`);
      expect(text).toContain(`"consumer":"due-${jobType}"`);
    }
  });

  test('every setting is one that there is', () => {
    const names = [
      ...own.flatMap(settingsIn),
      ...settingNames(readFileSync(path.join(deploy, 'kubernetes', 'settings.env'), 'utf8')),
    ];
    expect(names.filter((name) => !knownSettings.includes(name))).toEqual([]);
    expect(names).toContain('NATS_PASSWORD');
  });
});

describe.skipIf(missing.length > 0)('Cloud Run:', () => {
  const folder = path.join(deploy, 'cloud-run');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const read = (file: string) => manifestsOf(readFileSync(path.join(folder, file), 'utf8'))[0] as Manifest;
  const check = cloudRunCheck('folder' in google ? google.folder : '');

  test.each(files)('the API takes %s and knows every field', (file) => {
    expect(check(read(file))).toEqual([]);
  });

  test('a misspelt field would be noticed', () => {
    const misspelt = JSON.parse(
      JSON.stringify(read('worker.workerpool.yaml')).replace('"livenessProbe"', '"liveProbe"'),
    );
    expect(check(misspelt as Manifest).join()).toContain('liveProbe');
  });

  test.each(files)('%s has only settings that there are', (file) => {
    const names = settingsIn(read(file));
    expect(names.filter((name) => !knownSettings.includes(name))).toEqual([]);
    expect(names).toContain('NATS_PASSWORD');
  });
});

describe.skipIf(missing.length > 0)('the workflows', () => {
  const folder = path.join(repositoryRoot, '.github', 'workflows');
  const files = readdirSync(folder).map((name) => path.join(folder, name));

  test('are what GitHub takes', async () => {
    expect(files.length).toBeGreaterThan(1);
    expect(await runProgram('binary' in actionlint ? actionlint.binary : '', files)).toEqual({ code: 0, output: '' });
  });
});

const knownSettings = Object.keys(readConfig({}));

function settingNames(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
}
