/** The person's languages, best first, as far as this browser can write numbers and times in them. */
export const LOCALES: readonly string[] = usable(navigator.languages);

/** Some systems name languages as no browser can read them: `en-US@posix`. */
function usable(tags: readonly string[]): readonly string[] {
  const known = tags.filter(isReadable);
  // The browser's own choice may be such a one as well.
  return known.length > 0 ? known : ["en-US"];
}

function isReadable(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}

/*
 * uPlot asks the browser for numbers in `navigator.language` as it is loaded, unguarded: one that no browser can read
 * would leave the page blank. So this is loaded before it, and mends the name.
 */
if (!isReadable(navigator.language)) {
  Object.defineProperty(navigator, "language", { value: LOCALES[0], configurable: true });
}
