/** Yields at most `most` items, and tells whether there were more. */
export async function* firstOf<Item>(
  items: AsyncIterable<Item>,
  most: number,
  onMore?: () => void,
): AsyncGenerator<Item> {
  let count = 0;
  for await (const item of items) {
    if (count === most) return onMore?.();
    count += 1;
    yield item;
  }
}
