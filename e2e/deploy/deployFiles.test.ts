import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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

test('the programs and schemas of these checks are installed, as CI requires', (context) => {
  if (missing.length > 0 && process.env['CI'] === undefined) return context.skip(missing.join('; '));
  expect(missing).toEqual([]);
});

/** Builds the manifests with the component that is left out where there is no outbox. */
async function buildWithRelay(program: string): Promise<string> {
  const folder = await mkdtemp(path.join(await realpath(tmpdir()), 'kustomize-'));
  const manifests = path.relative(folder, path.join(deploy, 'kubernetes'));
  await writeFile(
    path.join(folder, 'kustomization.yaml'),
    JSON.stringify({ resources: [manifests], components: [path.join(manifests, 'relay')] }),
  );
  const { output } = await runProgram(program, ['build', folder]);
  await rm(folder, { recursive: true });
  return output;
}

function manifestsOf(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

describe.skipIf(missing.length > 0)('Kubernetes:', async () => {
  const build = 'binary' in kustomize ? await buildWithRelay(kustomize.binary) : '';
  const manifests = manifestsOf(build);
  const own = manifests.filter(({ apiVersion }) => !apiVersion.startsWith('keda.sh/'));
  const folder = 'folder' in kubernetes ? kubernetes.folder : '';

  test('kustomize builds one of each thing', () => {
    expect(
      manifests
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata }) => metadata.name)
        .toSorted(),
    ).toEqual(['api', 'projector', 'relay', 'worker']);
  });

  test.each(['1.33.0', '1.34.0', '1.37.0'])('version %s accepts every manifest and has every field', (version) => {
    const check = kubernetesCheck(folder, version);
    expect(own.flatMap((manifest) => check(manifest).map((line) => `${manifest.metadata.name}: ${line}`))).toEqual([]);
  });

  test('the check refuses a misspelt field', () => {
    const api = own.find(({ kind }) => kind === 'Deployment');
    const misspelt = JSON.parse(JSON.stringify(api).replace('"readinessProbe"', '"readynessProbe"')) as Manifest;
    expect(kubernetesCheck(folder, '1.34.0')(misspelt).join()).toContain('readynessProbe');
  });

  test('KEDA accepts the scalers, which name existing consumers', () => {
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

  test('the manifests use existing settings only', () => {
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

  test.each(files)('the API accepts %s and has every field', (file) => {
    expect(check(read(file))).toEqual([]);
  });

  test('the check refuses a misspelt field', () => {
    const misspelt = JSON.parse(
      JSON.stringify(read('worker.workerpool.yaml')).replace('"livenessProbe"', '"liveProbe"'),
    );
    expect(check(misspelt as Manifest).join()).toContain('liveProbe');
  });

  test.each(files)('%s uses existing settings only', (file) => {
    const names = settingsIn(read(file));
    expect(names.filter((name) => !knownSettings.includes(name))).toEqual([]);
    expect(names).toContain('NATS_PASSWORD');
  });
});

describe.skipIf(missing.length > 0)('the workflows', () => {
  const folder = path.join(repositoryRoot, '.github', 'workflows');
  const files = readdirSync(folder).map((name) => path.join(folder, name));

  test('are valid for GitHub', async () => {
    expect(files.length).toBeGreaterThan(1);
    expect(await runProgram('binary' in actionlint ? actionlint.binary : '', files)).toEqual({ code: 0, output: '' });
  });
});

const knownSettings = Object.keys(readConfig({}));

function settingNames(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
}
