export interface Page<Item> {
  readonly items: readonly Item[];
  /** The cursor of the next page; null on the last. */
  readonly nextCursor: string | null;
}

/** Iterates over the items of all pages; fetches a page when the one before is used up. */
export async function* itemsOf<Item>(
  fetchPage: (cursor: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page: Page<Item> = await fetchPage(cursor);
    yield* page.items;
    cursor = page.nextCursor;
  }
}
