import manifest from '../../package.json' with { type: 'json' };
import { type Requirement, requirementOf, requireScope } from '../auth/requireScope.ts';
import { requestHeaders, responseHeaders } from '../routes/headers.ts';
import { type EndpointDocs, tags } from '../routes/endpointDocs.ts';
import { type Endpoint, METHODS, type Route } from '../routes/route.ts';
import { Components, mediaTypes } from './components.ts';
import type { JsonSchema } from './jsonSchemas.ts';
import { responses } from './responses.ts';

const DESCRIPTION = `Background jobs whose whole history is kept in an event log.

Times are RFC 3339. Errors are problem details (RFC 9457) that list all mistakes at once; compare their
\`type\`. Every response has an \`X-Request-Id\`: the one from the request, or a new one. Every \`GET\` is available as \`HEAD\`.`;

const KEY = 'An API key: `jsk_…`. Each operation lists the scope that it requires; `admin` includes all scopes.';
const TOKEN = 'A JSON Web Token of the configured identity provider, with the same scopes.';

/** Generates the OpenAPI document of routes. */
export function openApiDocument(routes: readonly Route[]): object {
  const components = new Components();
  return {
    openapi: '3.1.1',
    info: {
      title: 'Jobstream',
      version: manifest.version,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server of this document.' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(routes.map((route) => [templateOf(route), pathItem(route, components)])),
    components: {
      schemas: components.schemas.components,
      responses: components.responses,
      examples: components.examples,
      headers: Object.fromEntries(Object.entries(responseHeaders).map(headerObject)),
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'jsk_…', description: KEY },
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: TOKEN },
      },
    },
  };
}

/** Converts `/api/jobs/:id` into `/api/jobs/{id}`. */
function templateOf({ path }: Route): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function pathItem(route: Route, components: Components): object {
  const item: Record<string, object> = {};
  for (const method of METHODS) {
    const endpoint = route[method];
    if (endpoint !== undefined) item[method] = endpointObject(endpoint, method !== 'get', components);
  }
  return item;
}

function headerObject([name, { always, ...header }]: [string, (typeof responseHeaders)[keyof typeof responseHeaders]]) {
  return [name, { required: always, ...header }] as const;
}

/** Describes an endpoint. */
function endpointObject({ docs, handlers }: Endpoint, changes: boolean, components: Components): object {
  const requirement = requirementOf(handlers[0]) ?? requireScope('admin').requirement;
  const { id, tag, summary, description, body } = docs;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: parameters(docs, components),
    ...(body === undefined ? {} : { requestBody: { required: body.required, content: bodyContent(docs, components) } }),
    responses: responses(docs, { requirement, changes }, components),
    security: security(requirement),
    ...(requirement.acrossTenants ? { 'x-across-tenants': true } : {}),
  };
}

function bodyContent({ body }: EndpointDocs, components: Components): object {
  return mediaTypes(body?.content ?? {}, (schema) => components.schemas.ofRequest(schema));
}

function parameters({ path, query, headers = [] }: EndpointDocs, components: Components): readonly object[] {
  return [
    ...(path === undefined ? [] : fieldsIn('path', components.schemas.ofRequest(path))),
    ...(query === undefined ? [] : fieldsIn('query', components.schemas.ofRequest(query))),
    ...headers.map((name) => ({ name, in: 'header', required: false, ...requestHeaders[name] })),
  ];
}

function fieldsIn(place: 'path' | 'query', { properties = {}, required = [] }: JsonSchema): readonly object[] {
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, { description, ...schema }]) => {
    const isRequired = (required as readonly string[]).includes(name);
    const style = schema['type'] === 'array' ? { style: 'form', explode: true } : {};
    return Object.assign({ name, in: place, required: isRequired, description, schema }, style);
  });
}

function security({ scope }: Requirement): readonly object[] {
  return scope === 'none' ? [] : [{ apiKey: [scope] }, { token: [scope] }];
}
