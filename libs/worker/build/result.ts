/** What a decoder returns: the value, or why the input is refused. */
export type Result<Value, Failure> =
  { readonly _tag: 'Success'; readonly success: Value } | { readonly _tag: 'Failure'; readonly failure: Failure };
