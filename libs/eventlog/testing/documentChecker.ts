import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats';
import type { StoredMessage } from './storedMessages.ts';

interface Document {
  readonly channels: Readonly<
    Record<
      string,
      {
        readonly address: string;
        readonly parameters?: { readonly event?: { readonly enum: readonly string[] } };
        readonly messages: object;
      }
    >
  >;
  readonly components: { readonly messages: object };
}

export interface Checked {
  /** The documented message that this one is. */
  readonly name?: string;
  readonly mistakes: readonly string[];
}

/** Compares messages with an AsyncAPI document, as far as ours uses it. */
export function documentChecker(document: object) {
  const { channels, components } = document as Document;
  const ajv = ajvFormats.default(new Ajv({ allErrors: true, strict: false })).addSchema(document, 'document');
  const mistakesIn = (part: string, value: unknown): string[] => {
    const validate = ajv.getSchema(`document#/components/messages/${part}`);
    if (validate === undefined) return [`the document has no ${part}`];
    if (validate(value) === true) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${part}${instancePath} ${message}`);
  };
  const check = ({ subject, headers, body }: StoredMessage): Checked => {
    const channel = Object.values(channels).find(({ address }) => patternOf(address).test(subject));
    if (channel === undefined) return { mistakes: [`there is no channel ${subject}`] };
    const place = channel.parameters?.event?.enum.indexOf(subject.split('.').at(-1) ?? '') ?? 0;
    const name = Object.keys(channel.messages)[place];
    if (name === undefined) return { mistakes: [`there is no message for ${subject}`] };
    return { name, mistakes: [...mistakesIn(`${name}/headers`, headers), ...mistakesIn(`${name}/payload`, body)] };
  };
  return Object.assign(check, { names: Object.keys(components.messages) });
}

function patternOf(address: string): RegExp {
  return new RegExp(`^${address.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^.]+')}$`);
}
