/** What stands in the place of a view that this caller may not see. */
export function NeedsScope({ scope, view }: { readonly scope: string; readonly view: string }) {
  return (
    <section className="empty">
      <h1>{view}</h1>
      <p>
        This view needs the scope <code>{scope}</code>. Log in with a key that has it, or ask an administrator for one.
      </p>
    </section>
  );
}
