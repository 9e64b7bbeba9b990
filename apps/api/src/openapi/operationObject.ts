import { needs, requirementOf, type Requirement } from '../auth/needs.ts';
import type { Endpoint } from '../http/route.ts';
import type { Components } from './components.ts';
import type { JsonSchema } from './jsonSchemas.ts';
import { mediaTypes } from './mediaTypes.ts';
import type { Operation } from './operation.ts';
import { requestHeaders } from './requestHeaders.ts';
import { responses } from './responses.ts';

/** An endpoint as the document has it. */
export function operationObject({ operation, handlers }: Endpoint, components: Components): object {
  const requirement = requirementOf(handlers[0]) ?? needs('admin').requirement;
  const { id, tag, summary, description, body } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: parameters(operation, components),
    ...(body === undefined
      ? {}
      : { requestBody: { required: body.required, content: bodyContent(operation, components) } }),
    responses: responses(operation, requirement, components),
    security: security(requirement),
    ...(requirement.acrossTenants ? { 'x-across-tenants': true } : {}),
  };
}

function bodyContent({ body }: Operation, components: Components): object {
  return mediaTypes(body?.content ?? {}, (schema) => components.schemas.ofRequest(schema));
}

function parameters({ path, query, headers = [] }: Operation, components: Components): readonly object[] {
  return [
    ...(path === undefined ? [] : fieldsIn('path', components.schemas.ofRequest(path))),
    ...(query === undefined ? [] : fieldsIn('query', components.schemas.ofRequest(query))),
    ...headers.map((name) => ({ name, in: 'header', required: false, ...requestHeaders[name] })),
  ];
}

function fieldsIn(place: 'path' | 'query', { properties = {}, required = [] }: JsonSchema): readonly object[] {
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, { description, ...schema }]) => {
    const isRequired = (required as readonly string[]).includes(name);
    const style = schema['type'] === 'array' ? { style: 'form', explode: false } : {};
    return Object.assign({ name, in: place, required: isRequired, description, schema }, style);
  });
}

function security({ scope }: Requirement): readonly object[] {
  return scope === 'none' ? [] : [{ apiKey: [scope] }, { token: [scope] }];
}
