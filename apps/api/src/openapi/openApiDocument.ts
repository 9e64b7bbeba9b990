import manifest from '../../package.json' with { type: 'json' };
import { METHODS, type Route } from '../http/route.ts';
import { answerHeaders } from './answerHeaders.ts';
import { Components } from './components.ts';
import { operationObject } from './operationObject.ts';
import { tags } from './tags.ts';

const DESCRIPTION = `Background jobs whose whole history is kept in an event log.

Times are RFC 3339. Every refusal is a problem (RFC 9457) that names all mistakes at once; \`type\` is a name to compare
with. Every answer has an \`X-Request-Id\`: yours, if you sent one. A \`GET\` may be sent as \`HEAD\`.`;

const KEY = 'An API key: `jsk_…`. Beside each operation stands the scope that it needs; `admin` includes all.';
const TOKEN = 'A JSON Web Token of the identity provider that the API is set up for, with the same scopes.';

/** The OpenAPI document of these routes. */
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
    servers: [{ url: '/', description: 'Where this document comes from.' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(routes.map((route) => [templateOf(route), pathItem(route, components)])),
    components: {
      schemas: components.schemas.components,
      responses: components.responses,
      examples: components.examples,
      headers: Object.fromEntries(Object.entries(answerHeaders).map(headerObject)),
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'jsk_…', description: KEY },
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: TOKEN },
      },
    },
  };
}

/** `/api/jobs/:id` as OpenAPI writes it: `/api/jobs/{id}`. */
function templateOf({ path }: Route): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function pathItem(route: Route, components: Components): object {
  const item: Record<string, object> = {};
  for (const method of METHODS) {
    const endpoint = route[method];
    if (endpoint !== undefined) item[method] = operationObject(endpoint, components);
  }
  return item;
}

function headerObject([name, { always, ...header }]: [string, (typeof answerHeaders)[keyof typeof answerHeaders]]) {
  return [name, { required: always, ...header }] as const;
}
