/** Who caused an event. */
export interface Actor {
  readonly kind: 'api' | 'worker' | 'scheduler' | 'keeper' | 'user';
  readonly id: string;
}
