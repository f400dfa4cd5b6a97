/** The page: its bar, the view that the address names, and what stands above it when something is wrong. */
import { useComputed, useSignalEffect } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import { Conversation } from "../conversation/conversation.tsx";
import { Fleet } from "../fleet/fleet.tsx";
import { Job } from "../fleet/job.tsx";
import { hideNotice, notice } from "../link/act.ts";
import { connection } from "../link/connection.ts";
import { conversation, gateway, isComplete } from "../link/known.ts";
import { isSearchWanted } from "../list/chosen.ts";
import { Conversations } from "../list/conversations.tsx";
import { titleOf } from "../list/title.ts";
import { Settings } from "../settings/settings.tsx";
import { Totals } from "../totals/totals.tsx";
import { FLEET_LINK, LIST_LINK, SETTINGS_LINK, TOTALS_LINK } from "./address.ts";
import { Announcer } from "./announcer.tsx";
import { Bar } from "./bar.tsx";
import { Help } from "./help.tsx";
import { Icon } from "./icon.tsx";
import { goTo, route } from "./route.ts";
import { useShortcuts } from "./shortcuts.ts";
import { Loading, Refused, Troubles, Unreadable } from "./states.tsx";

export function App() {
  const [isHelping, setHelping] = useState(false);
  const main = useRef<HTMLElement>(null);
  useShortcuts({
    "?": () => setHelping(true),
    "1": () => goTo(LIST_LINK),
    "2": () => goTo(TOTALS_LINK),
    "3": () => goTo(SETTINGS_LINK),
    "4": () => gateway.peek()?.fleet === true && goTo(FLEET_LINK),
    "/": () => {
      if (route.peek().view !== "list") goTo(LIST_LINK);
      isSearchWanted.value = true;
    },
  });
  useTitle();
  useFocusOnArrival(main);
  return (
    <>
      <Bar onHelp={() => setHelping(true)} onSkip={() => main.current?.focus()} />
      <Troubles />
      <main ref={main} tabIndex={-1}>
        <View />
      </main>
      <Notice />
      <Announcer />
      {isHelping && <Help onClose={() => setHelping(false)} />}
    </>
  );
}

function View() {
  const { state } = connection.value;
  if (state === "refused") return <Refused />;
  if (state === "unreadable") return <Unreadable />;
  if (!isComplete.value || gateway.value === null) return <Loading />;
  const shown = route.value;
  switch (shown.view) {
    case "list":
      return <Conversations />;
    case "conversation":
      return <Conversation id={shown.id} />;
    case "totals":
      return <Totals />;
    case "settings":
      return <Settings />;
    case "fleet":
      return <Fleet />;
    case "job":
      return <Job key={shown.id} id={shown.id} />;
  }
}

function useTitle(): void {
  const name = useComputed(() => {
    const shown = route.value;
    if (shown.view === "list") return "Conversations";
    if (shown.view === "totals") return "Totals";
    if (shown.view === "settings") return "Settings";
    if (shown.view === "fleet") return "Fleet";
    if (shown.view === "job") return "Job";
    const view = conversation(shown.id);
    return view === null ? "Conversation" : titleOf(view);
  });
  useSignalEffect(() => {
    document.title = `${name.value} · keepwarm`;
  });
}

/** Another view begins at its top, and a screen reader with its heading. */
function useFocusOnArrival(main: { readonly current: HTMLElement | null }): void {
  const last = useRef<string | null>(null);
  useSignalEffect(() => {
    const shown = route.value;
    const key = "id" in shown ? `${shown.view} ${shown.id}` : shown.view;
    const isFirst = last.current === null;
    if (last.current === key) return;
    last.current = key;
    if (isFirst) return;
    // The list comes back to where it was by itself.
    queueMicrotask(() =>
      requestAnimationFrame(() => {
        // Nor is the focus taken from a view that was gone on to meanwhile.
        if (shown.view === "list" || route.peek() !== shown) return;
        scrollTo(0, 0);
        main.current?.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
      }),
    );
  });
}

function Notice() {
  const shown = notice.value;
  if (shown === null) return null;
  return (
    <aside class="notice" aria-label="Notice" data-error={shown.isError}>
      {shown.isError && <Icon name="warning" />}
      <p>{shown.text}</p>
      <button type="button" class="icon-button" aria-label="Dismiss" onClick={hideNotice}>
        <Icon name="cross" />
      </button>
    </aside>
  );
}
