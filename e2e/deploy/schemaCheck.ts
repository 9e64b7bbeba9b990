import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** A resource as it is written in YAML. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly spec?: never;
}

/** What is wrong with a manifest, a line for each mistake. */
export type SchemaCheck = (manifest: Manifest) => readonly string[];

const OPTIONS = { strict: false, validateFormats: false, allErrors: true } as const;

/** Checks against the strict schemas of a version of Kubernetes: fields that it does not know are mistakes. */
export function kubernetesCheck(folder: string, version: string): SchemaCheck {
  const schemas = path.join(folder, 'kubernetes_validate', 'kubernetes-json-schema', `v${version}-local-strict`);
  const read = (name: string) => JSON.parse(readFileSync(path.join(schemas, name), 'utf8')) as object;
  const ajv = new Ajv2020(OPTIONS);
  ajv.addSchema(read('_definitions.json'), '_definitions.json');
  const compiled = new Map<string, ValidateFunction>();
  return (manifest) => {
    const file = schemaFile(manifest);
    const validate = compiled.get(file) ?? ajv.compile(read(file));
    compiled.set(file, validate);
    return mistakes(validate, manifest);
  };
}

/** `apps/v1` Deployment is in deployment-apps-v1.json, `v1` Service in service-v1.json. */
function schemaFile({ apiVersion, kind }: Manifest): string {
  const [group = '', version] = apiVersion.split('/');
  return `${[kind.toLowerCase(), group.split('.')[0], version].filter(Boolean).join('-')}.json`;
}

/** Checks against the discovery document of Cloud Run, in which the strictness is ours. */
export function cloudRunCheck(folder: string): SchemaCheck {
  const file = path.join(folder, 'googleapiclient', 'discovery_cache', 'documents', 'run.v1.json');
  const { schemas } = JSON.parse(readFileSync(file, 'utf8')) as { schemas: Record<string, object> };
  const ajv = new Ajv(OPTIONS);
  ajv.addSchema({ $id: 'run', definitions: strict(schemas) });
  return (manifest) => mistakes(ajv.compile({ $ref: `run#/definitions/${manifest.kind}` }), manifest);
}

/** Discovery documents are JSON schemas but for their references, and `any`, and 64-bit numbers that are texts. */
function strict(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strict);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).flatMap(([key, value]) => {
    if (key === 'id' && typeof value === 'string') return [];
    if (key === '$ref') return [[key, `#/definitions/${String(value)}`]];
    if (key === 'type' && value === 'any') return [];
    return [[key, strict(value)]];
  });
  const schema = Object.fromEntries(entries) as Record<string, unknown>;
  return 'properties' in schema ? { ...schema, additionalProperties: false } : schema;
}

function mistakes(validate: ValidateFunction, manifest: Manifest): readonly string[] {
  return validate(manifest) ? [] : (validate.errors ?? []).map(sentence);
}

function sentence({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`;
}

/** The names of the environment variables that a manifest sets, wherever its containers are. */
export function settingsIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(settingsIn);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => (key === 'env' ? namesOf(value) : settingsIn(value)));
}

function namesOf(variables: unknown): readonly string[] {
  return Array.isArray(variables) ? variables.map((variable: { name: string }) => variable.name) : [];
}
