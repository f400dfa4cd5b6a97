/** Choices about the page itself, kept in this browser: never anything about a conversation. */
import { effect, type Signal, signal } from "@preact/signals";

/** @param isValid whether what was kept still is a choice */
export function kept<T extends string>(
  name: string,
  standard: T,
  isValid: (text: string) => text is T,
): Signal<T> {
  const key = `keepwarm-${name}`;
  const found = read(key);
  const choice = signal(found !== null && isValid(found) ? found : standard);
  effect(() => write(key, choice.value));
  return choice;
}

/** Where storage is refused (a private window), the choice lasts as long as the page. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It lasts as long as the page.
  }
}
