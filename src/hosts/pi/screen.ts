/** What the person sees in pi: a line in the status bar, and a widget where there is more to say. */
import type { SurfaceField } from "../../host.ts";
import type { NativeHost } from "../native/index.ts";
import type { PiUi } from "./pi-api.ts";

const KEY = "keepwarm";

export interface Screen {
  /** Something that is shown has changed. */
  changed(): void;
  /** Shows all figures, or no longer. Returns whether they are shown now. */
  toggleDetails(): boolean;
  end(): void;
}

export interface ScreenOptions {
  readonly ui: PiUi;
  readonly host: NativeHost;
  readonly conversationId: string;
  /** Why it is not warmed, where keepwarm itself cannot know. */
  readonly reason: () => string | null;
}

export function createScreen({ ui, host, conversationId, reason }: ScreenOptions): Screen {
  let isStatusShown = false;
  let hasDetails = false;
  let shown = "";

  const endStatus = host.followStatus(conversationId, (line) => {
    // Nothing is said as long as there was nothing to say.
    if (line === null && !isStatusShown) return;
    isStatusShown = line !== null;
    ui.setStatus(KEY, line ?? undefined);
  });

  function lines(): string[] {
    const { warmer, surface } = host.keeper;
    const { enabled } = warmer.getState(conversationId);
    const { phase, why } = warmer.getStatus(conversationId);
    const isStopped = phase === "stopped" || phase === "lapsed";
    // Among the figures it stands as the status.
    const said = reason() ?? (isStopped && !hasDetails ? why : null);
    const fields = hasDetails ? surface.getSpec({ conversationId }).fields.flatMap(lineOf) : [];
    return [...fields, ...(said === null || !(enabled || hasDetails) ? [] : [`keepwarm: ${said}`])];
  }

  function draw(): void {
    const now = lines();
    const text = now.join("\n");
    if (text === shown) return;
    shown = text;
    ui.setWidget(KEY, now.length === 0 ? undefined : now, { placement: "belowEditor" });
  }

  return {
    changed: draw,
    toggleDetails() {
      hasDetails = !hasDetails;
      draw();
      return hasDetails;
    },
    end: endStatus,
  };
}

function lineOf(field: SurfaceField): string[] {
  switch (field.kind) {
    case "toggle":
      return [`${field.label}: ${field.value ? "on" : "off"}`];
    case "number":
      return [`${field.label}: ${field.value}${field.unit === undefined ? "" : ` ${field.unit}`}`];
    case "stat":
      return [`${field.label}: ${field.value}`];
    default:
      return [];
  }
}
