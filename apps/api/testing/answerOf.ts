/** An answer of the API about one thing, with its status. */
export interface Answer {
  readonly status: number;
  readonly body: { readonly id: string; readonly [field: string]: unknown };
}

export async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}
