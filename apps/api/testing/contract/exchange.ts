/** A response, read to its end or as far as wanted. */
export interface Exchange {
  readonly status: number;
  readonly headers: Headers;
  /** The media type without parameters; undefined if there is no body. */
  readonly type: string | undefined;
  readonly text: string;
}

/** Reads a response; an endless one until `isEnough`, in whole lines. */
export async function readExchange(
  response: Response,
  isEnough: (text: string) => boolean = () => false,
): Promise<Exchange> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (isEnough(text)) break;
  }
  const type = response.headers.get('content-type')?.split(';')[0];
  return { status: response.status, headers: response.headers, type, text };
}

/** Returns the values in lines of JSON, or in the data of events. */
export function itemsOf(text: string): readonly unknown[] {
  const lines = text.includes('\ndata: ')
    ? [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data)
    : text.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as unknown);
}
