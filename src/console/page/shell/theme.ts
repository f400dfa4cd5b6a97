/** Light, dark, or as the system says. */
import { computed, effect, signal } from "@preact/signals";
import { kept } from "./kept.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = kept("theme", "system", (text): text is Theme => THEMES.some((one) => one === text));

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const isSystemDark = signal(systemIsDark.matches);
systemIsDark.addEventListener("change", ({ matches }) => {
  isSystemDark.value = matches;
});

export const isDark = computed(() =>
  theme.value === "system" ? isSystemDark.value : theme.value === "dark",
);

effect(() => {
  document.documentElement.dataset.theme = isDark.value ? "dark" : "light";
});
