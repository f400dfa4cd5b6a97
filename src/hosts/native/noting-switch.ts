import type { CacheWarmer } from "../../warmer.ts";

/** Tells when what is done has switched the conversation. */
export async function notingSwitch<T>(
  warmer: CacheWarmer,
  conversationId: string,
  switched: (conversationId: string, enabled: boolean) => void,
  act: () => Promise<T>,
): Promise<T> {
  await warmer.load(conversationId);
  const before = warmer.getState(conversationId).enabled;
  const done = await act();
  const { enabled } = warmer.getState(conversationId);
  if (enabled !== before) switched(conversationId, enabled);
  return done;
}
