/** Where no warm is ever streamed, and real answers are read by somebody else: half of a bundle's reading is left out. */
import type { MessageUsage, ResponseFacts } from "./usage.ts";

export class MessageStreamReader implements ResponseFacts {
  readonly started = false;
  readonly complete = false;
  readonly usage: MessageUsage | null = null;
  readonly stopReason = null;
  readonly toolNames: readonly string[] = [];
  readonly model = null;
  readonly messageId = null;
  readonly missReason = null;
  readonly opening = null;
  readonly error: { readonly type: string; readonly message: string | null } | null = null;
  feed(_chunk: Uint8Array): void {}
}
