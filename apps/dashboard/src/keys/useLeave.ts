import { useCanGoBack, useRouter } from '@tanstack/react-router';

/** Returns what leaves a view of a job for where it was opened from; where that was by its address, for the job. */
export function useLeave(id: string): () => void {
  const router = useRouter();
  const canGoBack = useCanGoBack();
  return () => (canGoBack ? router.history.back() : void router.navigate({ to: '/jobs/$id', params: { id } }));
}
