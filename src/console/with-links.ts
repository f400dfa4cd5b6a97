/** A gateway with the programs that have linked themselves to it: their conversations stand beside its own. */
import type { ConversationView } from "../hub/index.ts";
import type { Controlled } from "./controlled.ts";
import type { Links } from "./links.ts";

/**
 * Where a program and the gateway have the same conversation, the program's counts: it knows more of it. Off, close and
 * forget hold for both.
 */
export function withLinks(own: Controlled, links: Links): Controlled {
  links.onHistory((id, entry) => own.noteHistory(id, entry));
  const conversation = (id: string) => links.conversation(id) ?? own.conversation(id);

  function conversationIds(): string[] {
    return [...new Set([...links.conversationIds(), ...own.conversationIds()])];
  }

  return {
    now: own.now,
    fleet: own.fleet,
    noteHistory: (id, entry) => own.noteHistory(id, entry),
    totals: () => own.totals(),
    health: () => own.health(),
    settings: () => own.settings(),
    changeSetting: (change) => own.changeSetting(change),
    prewarm: () => own.prewarm(),
    comparePrewarm: (request) => own.comparePrewarm(request),
    report: (since) => own.report(since),
    attachRun: (run) => own.attachRun(run),
    stop: () => own.stop(),
    info: () => ({ ...own.info(), hosts: links.programs() }),
    conversationIds,
    conversations: () =>
      conversationIds()
        .map(conversation)
        .filter((view) => view !== null),
    conversation,
    async history(id) {
      const known = await own.history(id);
      if (known !== null || links.conversation(id) === null) return known;
      return { conversationId: id, entries: [], truncated: false };
    },
    async outlook(id) {
      if (links.conversation(id) === null) return own.outlook(id);
      return (await links.ask(id, { what: "outlook" })).outlook ?? null;
    },
    watch(watcher) {
      const unwatch = own.watch(watcher);
      const unsubscribe = links.subscribe((id) => {
        watcher.conversation(id);
        watcher.thing("gateway");
      });
      return () => {
        unwatch();
        unsubscribe();
      };
    },
    setEnabled(id, enabled) {
      return changed(id, { what: "enabled", enabled }, () => own.setEnabled(id, enabled), !enabled);
    },
    setIntervalMs(id, intervalMs) {
      return changed(id, { what: "interval", intervalMs }, () => own.setIntervalMs(id, intervalMs));
    },
    setKeepWarm(id, keepWarm) {
      return changed(id, { what: "keep-warm", keepWarm }, () => own.setKeepWarm(id, keepWarm));
    },
    act(id, actionId, payload) {
      return changed(id, { what: "action", actionId, payload }, () => own.act(id, actionId, payload));
    },
    async warmNow(id) {
      if (links.conversation(id) === null) return own.warmNow(id);
      const { notSent } = await links.ask(id, { what: "warm" });
      return notSent === undefined ? { sent: true } : { sent: false, why: notSent };
    },
    async close(id) {
      const isOwn = await own.close(id);
      if (links.conversation(id) === null) return isOwn;
      await links.ask(id, { what: "close" });
      return true;
    },
    async forget(id) {
      const isLinked = links.conversation(id) !== null;
      // What a program has booked comes in again otherwise.
      if (isLinked) await links.ask(id, { what: "forget" });
      const isOwn = await own.forget(id);
      return isOwn || isLinked;
    },
    async forgetPauses() {
      await own.forgetPauses();
      await links.askAll({ what: "forget-pauses" });
    },
  };

  /** @param both whether the gateway's own is meant as well, if it has one */
  async function changed(
    id: string,
    wish: Parameters<Links["ask"]>[1],
    change: () => Promise<ConversationView | null>,
    both = false,
  ): Promise<ConversationView | null> {
    if (links.conversation(id) === null) return change();
    if (both && own.conversation(id) !== null) await change();
    const answer = await links.ask(id, wish);
    return links.conversation(id) ?? answer.conversation ?? null;
  }
}
